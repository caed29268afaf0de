package management

import (
	"strings"

	"failback/providers/lab/world"
)

const pointType = itemType + "/recoveryPoints"

func (c *call) listPoints(names []string) {
	c.read(func(s *world.State) (obj, error) {
		it, err := named(s, names)
		if err != nil {
			return nil, err
		}
		rows := []obj{}
		for _, p := range it.Points {
			rows = append(rows, point(ids{s}, it, p))
		}
		return page(rows), nil
	})
}

func (c *call) getPoint(names []string) {
	c.read(func(s *world.State) (obj, error) {
		it, err := named(s, names)
		if err != nil {
			return nil, err
		}
		for _, p := range it.Points {
			if strings.EqualFold(p.Name, names[6]) {
				return point(ids{s}, it, p), nil
			}
		}
		return nil, notThere("recovery point", names[6])
	})
}

func point(id ids, it *world.Item, p world.Point) obj {
	kind := "CrashConsistent"
	if p.Consistent {
		kind = "ApplicationConsistent"
	}
	return obj{
		"id": id.item(it) + "/recoveryPoints/" + p.Name, "name": p.Name, "type": pointType, "location": nil,
		"properties": obj{"recoveryPointTime": stamp(p.At), "recoveryPointType": kind, "providerSpecificDetails": nil},
	}
}
