package management

import (
	"net/http"
	"path"

	"failback/providers/lab/world"
)

const collectionType = "Microsoft.Compute/restorePointCollections"

func (c *call) putCollection(names []string) {
	var body struct {
		Properties struct {
			Source struct {
				ID string `json:"id"`
			} `json:"source"`
		} `json:"properties"`
		Tags map[string]string `json:"tags"`
	}
	if !c.decode(&body) {
		return
	}
	if err := c.world.PutCollection(names[2], path.Base(body.Properties.Source.ID), body.Tags); err != nil {
		c.fail(err)
		return
	}
	c.accepted = true
	c.getCollection(names)
}

func (c *call) getCollection(names []string) {
	c.read(func(s *world.State) (obj, error) {
		r := s.Collection(names[2])
		if r == nil {
			return nil, c.noResource(collectionType, names[2])
		}
		return c.collection(s, r), nil
	})
}

func (c *call) listCollections([]string) {
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, r := range s.Collections {
			rows = append(rows, c.collection(s, r))
		}
		return page(rows), nil
	})
}

func (c *call) collection(s *world.State, r *world.Collection) obj {
	return obj{
		"id": ids{s}.resource(collectionType + "/" + r.Name), "name": r.Name, "type": collectionType, "location": s.Location, "tags": r.Tags,
		"properties": obj{
			"provisioningState": "Succeeded", "restorePointCollectionId": r.Name,
			"source": obj{"id": ids{s}.resource(machineType + "/" + r.VM), "location": s.Location},
		},
	}
}

func (c *call) deleteCollection(names []string) {
	op, err := c.world.DropCollection(names[2])
	c.acceptCompute(op, err)
}

// putPoint makes a restore point; it is whole at once.
func (c *call) putPoint(names []string) {
	if err := c.world.PutPoint(names[2], names[3]); err != nil {
		c.fail(err)
		return
	}
	c.accepted = true
	c.pointAs(http.StatusCreated, names)
}

func (c *call) getPointOfVM(names []string) { c.pointAs(http.StatusOK, names) }

func (c *call) pointAs(status int, names []string) {
	var body obj
	c.world.Read(func(s *world.State) {
		if r := s.Collection(names[2]); r != nil && r.Point == names[3] {
			body = obj{
				"id": ids{s}.resource(collectionType + "/" + r.Name + "/restorePoints/" + r.Point), "name": r.Point, "type": collectionType + "/restorePoints",
				"properties": obj{"consistencyMode": "CrashConsistent", "provisioningState": "Succeeded"},
			}
		}
	})
	if body == nil {
		c.fail(c.noResource(collectionType+"/restorePoints", names[3]))
		return
	}
	c.answer(status, body)
}

func (c *call) listParts(names []string) {
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, d := range s.Parts(names[2]) {
			rows = append(rows, c.part(s, names[3], d))
		}
		return page(rows), nil
	})
}

func (c *call) getPart(names []string) {
	c.read(func(s *world.State) (obj, error) {
		for _, d := range s.Parts(names[2]) {
			if d.Name == names[4] {
				return c.part(s, names[3], d), nil
			}
		}
		return nil, c.noResource(collectionType+"/restorePoints/diskRestorePoints", names[4])
	})
}

func (c *call) part(s *world.State, point string, d *world.DiskSnapshot) obj {
	const kind = "/restorePoints/"
	return obj{
		"id":   ids{s}.resource(collectionType + "/" + d.Collection + kind + point + "/diskRestorePoints/" + d.Name),
		"name": d.Name, "type": collectionType + "/restorePoints/diskRestorePoints",
		"properties": obj{
			"timeCreated": stamp(d.Created), "sourceResourceId": ids{s}.resource("Microsoft.Compute/disks/" + d.Disk), "sourceUniqueId": d.ID,
			"familyId": d.Disk, "completionPercent": 100, "networkAccessPolicy": "AllowAll", "publicNetworkAccess": "Enabled", "logicalSectorSize": 512,
		},
	}
}

// A part is lent as a snapshot is: its name is its own.
func (c *call) grantPart(names []string)  { c.grantAccess([]string{names[0], names[1], names[4]}) }
func (c *call) revokePart(names []string) { c.revokeAccess([]string{names[0], names[1], names[4]}) }
