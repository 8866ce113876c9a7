// Package ticketing turns one customer's alerts into ConnectWise tickets: one
// right ticket per trouble, closed on evidence.
//
// Decide is pure: from the customer's slice, what is recorded in its desk, the
// settings and the clock it makes the next desk, the steps to take and when to
// look again. account calls it to plan, to show and to count for the brake;
// Service calls it again and takes the steps, each recorded in the desk before
// the request goes out and after its answer came, always at the version the
// desk was read. Of two workers on one customer one wins every write; the other
// reads again. What was begun and not recorded is looked up in ConnectWise
// before anything else happens to that group.
package ticketing
