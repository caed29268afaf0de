package world

import "net/http"

// Refusal is a request that the service declines: nothing was done. It has what
// the service's error body has.
type Refusal struct {
	Status  int    // HTTP
	Code    string // the outer code, "BadRequest"
	Detail  string // the code that says something, "InvalidFailoverDirection"
	Message string
	Causes  string
	Remedy  string
}

// Error is the detailed code and the message.
func (r *Refusal) Error() string { return r.Detail + ": " + r.Message }

func refuse(detail, message, causes, remedy string) *Refusal {
	return &Refusal{
		Status: http.StatusBadRequest, Code: "BadRequest",
		Detail: detail, Message: message, Causes: causes, Remedy: remedy,
	}
}

func conflict(detail, message, causes, remedy string) *Refusal {
	r := refuse(detail, message, causes, remedy)
	r.Status, r.Code = http.StatusConflict, "Conflict"
	return r
}

// missing is what a resource that is not there answers.
func missing(kind, name string) *Refusal {
	return &Refusal{
		Status: http.StatusNotFound, Code: "NotFound", Detail: "ArmResourceDoesNotExist",
		Message: "The " + kind + " '" + name + "' does not exist.",
		Causes:  "The resource was deleted, or its name is not spelt right.",
		Remedy:  "List the resources of the vault and use a name from there.",
	}
}
