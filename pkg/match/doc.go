// Package match decides which records of the three systems are the same thing:
// customers with organizations and companies by name and ids, machines with
// configurations by MAC address.
//
// Automatic links need equal right on nobody else's side: a name or address
// must be unique among the candidates and among those who ask. Whatever is
// less than that is a suggestion with its reasons, or needs attention with all
// candidates listed. Doubt never acts.
//
// Everything here is pure and independent of the order of its input.
package match
