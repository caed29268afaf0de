package azure

import "testing"

// Each cloud is signed in to at a server of its own; one of our own may name none.
func TestSignInNameOfEachCloud(t *testing.T) {
	for want, c := range map[string]Cloud{
		"login.microsoftonline.com": {}, "login.microsoftonline.us": {Name: CloudUSGov}, "login.chinacloudapi.cn": {Name: CloudChina},
		"login.example": {ResourceManager: "https://management.example", Authority: "https://login.example/"},
		"":              {Name: "moon"},
	} {
		if got := c.SignInName(); got != want {
			t.Errorf("%+v: %q, not %q", c, got, want)
		}
	}
}
