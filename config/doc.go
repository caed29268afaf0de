// Package config reads what an operator wrote down before the program started:
// the configuration file with its profiles, plan files, and where run state is
// kept. Decoding is strict: an unknown key, a wrong type or a contradiction is an
// [*Error] that names file, line and key, and the program stops before it
// reaches out to anything.
//
// The package knows nothing of engines, screens or providers.
package config
