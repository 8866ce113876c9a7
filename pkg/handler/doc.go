// Package handler turns the events of AWS Lambda into calls of the use cases,
// and their answers into Lambda's. The same handlers run behind the queues of
// one machine, with the same event shapes.
//
// A message that no repetition can mend (malformed, of an unknown version, or
// one that makes the code panic) is reported as failed and its reason is kept;
// the queue makes it a dead letter. On FIFO queues the first failed message and
// all later ones of its group are reported, so that order holds (design §3.4).
package handler
