// Package demo is a believable managed service provider living in the three
// sandbox vendors: customers with machines in UniView, their organizations and
// configurations in IT Glue, their companies and tickets in ConnectWise, with
// every awkwardness of real accounts present at least once (see Trap).
//
// The world is a function of its seed and of time: the same seed gives the same
// customers and machines, and the same backups run, fail and recover at the same
// moments, however often it is built anew. Only what others write into it (our
// flexible assets, tickets, what technicians did to them) is kept aside, so that
// a trial survives a restart.
package demo
