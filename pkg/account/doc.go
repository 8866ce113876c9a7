// Package account is the whole-account side of a sync: it reads every list once,
// keeps each as a snapshot, decides what only the whole account can decide
// (names, uniqueness, addresses), gives each customer its slice, plans for the
// customers that are due, holds the plan against the brake and sends one message
// per due customer. It writes to no vendor.
//
// A run goes through four stages:
//
//	read    each list of the scope, page by page, checked for completeness; when
//	        the function's time runs out, the run goes on from the last complete
//	        page with a message to itself
//	decide  links of customers, slices of both sides
//	plan    the same pure planning that matcher and tickets do, over due customers
//	send    one message per due customer
//
// Every stage can be repeated: a run that crashed is finished by the next one,
// since what is due stays due until matcher or tickets completes it.
package account
