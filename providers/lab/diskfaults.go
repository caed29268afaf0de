package lab

import (
	"net/http"

	"failback/providers/lab/estate"
	"failback/providers/lab/storage"
	"failback/providers/lab/world"
)

// diskFaults lets the estate's faults happen to requests for disks in Azure. The
// agents of the lab's own hosts meet them as everybody does.
func diskFaults(w *world.World, signer *storage.Signer) func(*http.Request) *storage.Fault {
	return func(r *http.Request) *storage.Fault {
		when, ok := diskMoment(r)
		if !ok {
			return nil
		}
		name := storage.Named(r, accountName)
		f := w.StrikeDisk(when, name)
		if f == nil {
			return nil
		}
		if f.What == estate.AccessRevoked {
			signer.Revoke(storage.Path(r, accountName), r.URL.Query().Get("snapshot"))
			return nil // the request meets it by itself
		}
		return faultOf(f)
	}
}

// diskMoment is what a request asks of a disk. Writing has no moment.
func diskMoment(r *http.Request) (estate.Moment, bool) {
	q := r.URL.Query()
	switch {
	case r.Method != http.MethodGet:
		return "", false
	case q.Get("comp") == "pagelist" && (q.Has("prevsnapshot") || r.Header.Get("x-ms-previous-snapshot-url") != ""):
		return estate.OnDiskDiff, true
	case q.Get("comp") == "pagelist":
		return estate.OnDiskList, true
	case q.Get("comp") == "":
		return estate.OnDiskRead, true
	}
	return "", false
}

func faultOf(f *estate.Fault) *storage.Fault {
	switch f.What {
	case estate.Throttled:
		return &storage.Fault{Status: http.StatusServiceUnavailable, Code: "ServerBusy", Message: "The server is busy.", RetryAfter: f.RetryAfter}
	case estate.TimedOut:
		return &storage.Fault{Status: http.StatusInternalServerError, Code: "OperationTimedOut", Message: "Operation could not be completed within the specified time."}
	case estate.LostAnswer:
		return &storage.Fault{CutAfter: 1}
	case estate.ShortAnswer:
		return &storage.Fault{Short: true}
	case estate.FlippedByte:
		return &storage.Fault{Flip: true}
	case estate.RepeatedPage:
		return &storage.Fault{Repeat: true}
	case estate.DroppedRange:
		return &storage.Fault{Drop: true}
	case estate.NoDiff:
		return &storage.Fault{Full: true}
	default:
		return &storage.Fault{Status: http.StatusInternalServerError, Code: "InternalError", Message: "The server encountered an internal error. Please retry the request."}
	}
}
