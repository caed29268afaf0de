package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/providers/lab/wire"
)

func request(t *testing.T, ctx context.Context, method, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "https://lab.example/a/b?c=d", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestRequestAndAnswerArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := http.Client{Transport: wire.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.Header()["x-seen"] = []string{r.Method + " " + r.Host + " " + r.RequestURI + " " + r.Header.Get("x-raw")}
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte("echo " + string(text)))
		}))}
		req := request(t, t.Context(), http.MethodPost, "hello")
		req.Header["x-raw"] = []string{"as it came"} // Microsoft's client writes such names
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil || string(text) != "echo hello" || res.StatusCode != http.StatusAccepted {
			t.Errorf("%s %q %v", res.Status, text, err)
		}
		if got := res.Header.Get("x-seen"); got != "POST lab.example /a/b?c=d as it came" {
			t.Errorf("the handler saw %q", got)
		}
	})
}

// A bubble ends only when its goroutines have: no answer may leave one behind.
func TestNothingLingers(t *testing.T) {
	endless := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	t.Run("body closed early", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			res, err := wire.Transport(endless).RoundTrip(request(t, t.Context(), http.MethodGet, ""))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(res.Body, make([]byte, 100_000)); err != nil {
				t.Error(err)
			}
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("context ends in the body", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			})
			res, err := wire.Transport(slow).RoundTrip(request(t, ctx, http.MethodGet, ""))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			if _, err := io.ReadAll(res.Body); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("context ends before the header", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			mute := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			res, err := wire.Transport(mute).RoundTrip(request(t, ctx, http.MethodGet, ""))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			if res != nil {
				_ = res.Body.Close()
			}
		})
	})
}

func TestBrokenAnswers(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"before the header": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"in the body": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("some"))
			panic(http.ErrAbortHandler)
		},
		"shorter than declared": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("some"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				res, err := wire.Transport(handler).RoundTrip(request(t, t.Context(), http.MethodGet, ""))
				if err == nil {
					_, err = io.ReadAll(res.Body)
					_ = res.Body.Close()
				}
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestAnswersWithoutBody(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5")
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusNoContent)
		}
		_, _ = w.Write([]byte("12345"))
	})
	for _, method := range []string{http.MethodHead, http.MethodPut} {
		res, err := wire.Transport(handler).RoundTrip(request(t, t.Context(), method, ""))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err != nil || len(text) > 0 || res.ContentLength != 5 {
			t.Errorf("%s: %q %v, length %d", method, text, err, res.ContentLength)
		}
		_ = res.Body.Close()
	}
}

func TestMoreThanDeclaredIsRefused(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		if _, err := w.Write([]byte("123")); !errors.Is(err, http.ErrContentLength) {
			t.Errorf("error %v", err)
		}
		_, _ = w.Write([]byte("12"))
	})
	res, err := wire.Transport(handler).RoundTrip(request(t, t.Context(), http.MethodGet, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if text, err := io.ReadAll(res.Body); err != nil || string(text) != "12" {
		t.Errorf("%q %v", text, err)
	}
}
