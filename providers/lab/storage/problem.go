package storage

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"time"

	"failback/providers/lab/blob"
)

// problem is an error as the service tells it.
type problem struct {
	status  int
	code    string
	message string
}

// Error implements error.
func (p problem) Error() string { return fmt.Sprintf("%d %s: %s", p.status, p.code, p.message) }

// The documented errors.
var (
	authenticationFailed = problem{403, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."}
	authorizationFailure = problem{403, "AuthorizationFailure", "This request is not authorized to perform this operation."}
	blobNotFound         = problem{404, "BlobNotFound", "The specified blob does not exist."}
	blobExists           = problem{409, "BlobAlreadyExists", "The specified blob already exists."}
	snapshotsPresent     = problem{409, "SnapshotsPresent", "This operation is not permitted while the blob has snapshots."}
	conditionNotMet      = problem{412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."}
	invalidRange         = problem{416, "InvalidRange", "The range specified is invalid for the current size of the resource."}
	invalidPageRange     = problem{416, "InvalidPageRange", "The page range specified is invalid."}
	bodyTooLarge         = problem{413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."}
	lengthRequired       = problem{411, "MissingContentLengthHeader", "Content-Length HTTP header was not specified."}
	md5Mismatch          = problem{400, "Md5Mismatch", "The MD5 value specified in the request did not match with the MD5 value calculated by the server."}
	crc64Mismatch        = problem{400, "Crc64Mismatch", "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server."}
	previousNotFound     = problem{409, "PreviousSnapshotNotFound", "The previous snapshot is not found."}
	previousNewer        = problem{400, "PreviousSnapshotCannotBeNewer", "The prevsnapshot query parameter value cannot be newer than snapshot query parameter value."}
	invalidURI           = problem{400, "InvalidUri", "The requested URI does not represent any resource on the server."}
	unsupportedVerb      = problem{405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb."}
	exportReadOnly       = problem{403, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission."}
	noConditions         = problem{400, "ConditionHeadersNotSupported", "Condition headers are not supported."}
	invalidBlobType      = problem{409, "InvalidBlobType", "The blob type is invalid for this operation."}
)

func invalidHeader(name string) problem {
	return problem{400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: " + name + "."}
}

func missingHeader(name string) problem {
	return problem{400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: " + name + "."}
}

func invalidQuery(name string) problem {
	return problem{400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid: " + name + "."}
}

// problemOf finds what the service would say of an error.
func problemOf(err error) problem {
	var p problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, blob.ErrNotFound):
		return blobNotFound
	case errors.Is(err, blob.ErrExists):
		return blobExists
	case errors.Is(err, blob.ErrAlign), errors.Is(err, blob.ErrRange):
		return invalidPageRange
	case errors.Is(err, blob.ErrOrder):
		return previousNewer
	}
	return problem{500, "InternalError", err.Error()}
}

// fail answers with the service's error document.
func fail(w http.ResponseWriter, r *http.Request, p problem) {
	h := w.Header()
	h.Del("Content-Length")
	h.Del("Content-Range")
	h.Set("x-ms-error-code", p.code)
	if p.status == http.StatusNotModified || r.Method == http.MethodHead {
		w.WriteHeader(p.status)
		return
	}
	doc, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{
		Code: p.code,
		Message: fmt.Sprintf("%s\nRequestId:%s\nTime:%s", p.message,
			h.Get("x-ms-request-id"), time.Now().UTC().Format("2006-01-02T15:04:05.0000000Z")),
	})
	if err != nil {
		doc = nil // text always marshals; an answer without a document is one too
	}
	h.Set("Content-Type", "application/xml")
	w.WriteHeader(p.status)
	// A client that is gone learns nothing.
	_, _ = w.Write(append([]byte(xml.Header), doc...))
}
