// Package connection keeps the three vendor accounts: their credentials (in the
// secret store only), their health in plain words, and one client each that is
// made anew when the credentials change.
//
// Bad credentials stop that connection and no other (design §2.8). A stop is
// written only against the version of the credentials that failed, and only
// after a cheap probe failed too: IT Glue's 403 can be its firewall,
// ConnectWise's one missing right. Entering credentials again resumes.
package connection
