package engine

import "context"

// Person is whoever opens a connection, for a sign-in that needs one. A nil
// function means that nobody can be reached that way.
type Person struct {
	// Show tells what has to be done elsewhere for the sign-in to go on. It does
	// not wait for that.
	Show func(SignInStep)
	// Secret asks for a text that is not shown while it is typed. It returns when
	// it was answered, or with an error when ctx ends or the answer was refused.
	Secret func(ctx context.Context, what string) (string, error)
}

// SignInStep is what a person does elsewhere to sign in: open the address on any
// device and enter the code. With neither, a browser was opened on this machine.
type SignInStep struct {
	Address string
	Code    string
}
