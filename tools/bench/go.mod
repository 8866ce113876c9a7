// The matching benchmark compares with public libraries, which live in a module of
// their own, so that they never reach the product's go.mod. tools/bench.sh runs it.
module uniview-bridge/tools/bench

go 1.26.0

require (
	github.com/agnivade/levenshtein v1.2.2
	uniview-bridge v0.0.0
)

require (
	github.com/antzucaro/matchr v0.0.0-20221106193745-7bed6ef61ef9
	golang.org/x/text v0.43.0 // indirect
)

replace uniview-bridge => ../..
