// Package statetest holds the contract of package state as test suites that every
// platform runs, and decorators that count and break what they wrap, for tests of
// the packages that use a state.Table or a state.Sender.
package statetest
