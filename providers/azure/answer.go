package azure

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// said is an error in the service's own words.
type said struct {
	Code              string `json:"code"`
	Message           string `json:"message"`
	PossibleCauses    string `json:"possibleCauses"`
	RecommendedAction string `json:"recommendedAction"`
	ClientRequestID   string `json:"clientRequestId"`
	request           string
}

// errorBody is the error of the management API. Site Recovery's outer code says
// only "BadRequest"; what happened stands in the first detail.
type errorBody struct {
	Error struct {
		said
		Details []said `json:"details"`
	} `json:"error"`
}

// storageError is the error of the storage service.
type storageError struct {
	Code    string `xml:"Code"`
	Message string `xml:"Message"`
}

// read makes the best of an error answer, whatever its body is.
func read(answer *azcore.ResponseError) said {
	s := said{Code: answer.ErrorCode}
	if r := answer.RawResponse; r != nil {
		if body, err := runtime.Payload(r); err == nil {
			s = parse(body, s)
		}
		if s.request = s.ClientRequestID; s.request == "" {
			s.request = requestOf(r)
		}
	}
	if s.Message == "" {
		s.Message = fmt.Sprintf("HTTP %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	return s
}

// parse reads a JSON or XML error body; anything else leaves s as it was.
func parse(body []byte, s said) said {
	var management errorBody
	if json.Unmarshal(body, &management) == nil {
		outer := management.Error
		if len(outer.Details) > 0 && outer.Details[0].Message != "" {
			return outer.Details[0]
		}
		if outer.Code != "" || outer.Message != "" {
			return outer.said
		}
	}
	var storage storageError
	if xml.Unmarshal(body, &storage) == nil && storage.Message != "" {
		if storage.Code != "" {
			s.Code = storage.Code
		}
		s.Message = storage.Message
	}
	return s
}

func requestOf(r *http.Response) string {
	if r.Request != nil {
		if id := r.Request.Header.Get(requestIDHeader); id != "" {
			return id
		}
	}
	return r.Header.Get("x-ms-correlation-request-id")
}
