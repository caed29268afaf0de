package world

import "time"

// Recovery points of a machine that replicates: one an hour, every fourth of them
// consistent for its applications.
const (
	pointEvery  = time.Hour
	pointsKept  = 8
	pointsMatch = 4
)

// addPoints gives an item the recovery points that its past has left: those until
// now where it is at home, those until its failover where that is not committed.
func (s *State) addPoints(it *Item) {
	last := now()
	switch it.Protection {
	case Protected:
	case FailoverPending, UnplannedPending:
		last = it.FailedOver
	default:
		return
	}
	if it.Foreign {
		return
	}
	last = last.Truncate(time.Second)
	for n := pointsKept - 1; n >= 0; n-- {
		it.Points = append(it.Points, Point{Name: s.pointName(it), At: last.Add(-time.Duration(n) * pointEvery), Consistent: n%pointsMatch == 0})
	}
}

// addPoint gives an item that is protected again its first recovery point.
func (s *State) addPoint(it *Item) {
	it.Points = append(it.Points, Point{Name: s.pointName(it), At: now().Truncate(time.Second), Consistent: true})
}

// pointName follows from the item and how many points it has had in its state.
func (s *State) pointName(it *Item) string {
	return guid(s.Seed, uint64(len(it.Points)), it.HyperVID+" recovery point")
}
