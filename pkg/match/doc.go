// Package match decides which records of the three systems are the same thing:
// customers with organizations and companies by name and ids, machines with
// configurations by MAC address.
//
// Automatic links need equal right on nobody else's side: a name or address
// must be unique among the candidates and among those who ask. Whatever is
// less than that is a suggestion with its reasons, or needs attention with all
// candidates listed. Doubt never acts.
//
// A suggestion's score is a probability: of those shown with 0.9, nine in ten are
// right. Candidates come from an index of character 3-grams, of words and of initials;
// 36 features of each go into a small trained model (weights.go, made by
// pkg/match/train); evidence beyond the name (machines found there, IT Glue's own PSA
// link, spellings accepted before) adds to it with documented weights (evidence.go).
// Names that contradict each other (numbers, legal persons, siblings) never reach
// Confident without such evidence. docs/matching.md tells the whole of it with
// measured figures.
//
// Everything here is pure and independent of the order of its input.
package match
