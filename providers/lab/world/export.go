package world

// ExportJobs adds the job of an export: it is over at once. The file that it made
// is the management server's to keep.
func (w *World) ExportJobs(file, activity string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		j := s.addJob(KindExport, activity)
		j.State, j.Description, j.Ended, j.Export = Succeeded, Completed, now(), file
		op = s.operation(j.Name, j.Name)
		keep := op
		s.Operations = append(s.Operations, &keep)
		return nil
	})
	return op, err
}
