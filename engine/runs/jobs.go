package runs

import "failback/engine"

// JobOwner is the run that a job belongs to.
type JobOwner struct {
	Run  engine.RunID `json:"run"`
	Item string       `json:"item"`
	// Open says that the run is not over: what is to be done about the job is
	// done through the run, so that its journal holds it.
	Open bool `json:"open"`
}

// JobOwners tells which jobs the runs of this store began, by the jobs' names. A
// run whose journal can't be read owns nothing; [Store.List] shows it.
func (s *Store) JobOwners() (map[string]JobOwner, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	out := map[string]JobOwner{}
	for _, id := range ids {
		st, err := s.State(id)
		if err != nil {
			continue
		}
		open := s.Live(id) || st.Resumable()
		for _, l := range st.Legs {
			owner := JobOwner{Run: id, Item: l.Item.Name, Open: open && l.Mode != engine.ModeEnded}
			if l.Job != "" {
				out[l.Job] = owner
			}
			for _, op := range l.Ops {
				if op.Job != "" {
					out[op.Job] = owner
				}
			}
		}
	}
	return out, nil
}
