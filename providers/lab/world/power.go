package world

import (
	"context"
	"net/http"

	"failback/providers/lab/estate"
)

// Deallocate stops an Azure VM; the operation goes on after the answer. A VM
// that is deallocated already is no error.
func (w *World) Deallocate(name string) (Operation, error) {
	op, item, err := w.powerOperation(name, PowerDeallocated)
	if err != nil {
		return op, err
	}
	lie := w.strike(estate.OnDeallocate, item, "", estate.StopLies) != nil
	w.goes(func(ctx context.Context) {
		if w.stopAzure(ctx, name, lie) == nil {
			_ = w.endOperation(op.ID)
		}
	})
	return op, nil
}

// StartAzure starts an Azure VM; the operation goes on after the answer.
func (w *World) StartAzure(name string) (Operation, error) {
	op, _, err := w.powerOperation(name, PowerRunning)
	if err != nil {
		return op, err
	}
	w.goes(func(ctx context.Context) {
		if w.startAzure(ctx, name) == nil {
			_ = w.endOperation(op.ID)
		}
	})
	return op, nil
}

func (w *World) powerOperation(name, until string) (op Operation, item string, err error) {
	err = w.update(func(s *State) error {
		v := s.AzureVM(name)
		if v == nil {
			return noAzureVM(name)
		}
		item = v.Item
		op = Operation{ID: s.mint(), AzureVM: v.Name, Until: until, Started: now()}
		keep := op
		s.Operations = append(s.Operations, &keep)
		return nil
	})
	return op, item, err
}

func noAzureVM(name string) *Refusal {
	return &Refusal{
		Status: http.StatusNotFound, Code: "ResourceNotFound", Detail: "ResourceNotFound",
		Message: "The Resource 'Microsoft.Compute/virtualMachines/" + name + "' was not found.",
	}
}

func (w *World) endOperation(id string) error {
	return w.change(func(s *State) {
		if op := s.Operation(id); op != nil && op.Ended.IsZero() {
			op.Ended = now()
		}
	})
}

func (w *World) setPower(name, power string) error {
	return w.change(func(s *State) {
		if v := s.AzureVM(name); v != nil {
			v.Power = power
			if power != PowerRunning {
				v.Booted = false
			}
		}
	})
}

func (w *World) power(name string) (power string) {
	w.Read(func(s *State) {
		if v := s.AzureVM(name); v != nil {
			power = v.Power
		}
	})
	return power
}

// stopAzure shuts an Azure VM down and deallocates it. A lie takes as long and
// changes nothing.
func (w *World) stopAzure(ctx context.Context, name string, lie bool) error {
	if w.power(name) == PowerDeallocated {
		return nil
	}
	if lie {
		return w.sleep(ctx, w.times().Stop)
	}
	if err := w.setPower(name, PowerDeallocating); err != nil {
		return err
	}
	if err := w.sleep(ctx, w.times().Stop); err != nil {
		return err
	}
	// The guest writes to the end: the last changes are those of the shutdown.
	w.guests.stop(azureKey(name))
	return w.setPower(name, PowerDeallocated)
}

func (w *World) startAzure(ctx context.Context, name string) error {
	if w.power(name) == PowerRunning {
		return nil
	}
	if err := w.setPower(name, PowerStarting); err != nil {
		return err
	}
	if err := w.sleep(ctx, w.times().Boot); err != nil {
		return err
	}
	return w.bootAzure(ctx, name, true)
}

// continuePower goes on with what an Azure VM was about when the lab was closed.
func (w *World) continuePower(name string) {
	var vm AzureVM
	w.Read(func(s *State) { vm = *s.AzureVM(name) })
	w.goes(func(ctx context.Context) {
		if vm.Deleting != "" {
			_ = w.deleteAzure(ctx, name)
			return
		}
		var err error
		switch vm.Power {
		case PowerRunning:
			if vm.Problem == "" {
				err = w.bootAzure(ctx, name, !vm.Booted)
			}
		case PowerStarting:
			err = w.startAzure(ctx, name)
		case PowerDeallocating:
			err = w.stopAzure(ctx, name, false)
		}
		if err != nil {
			return
		}
		_ = w.change(func(s *State) {
			for _, op := range s.Operations {
				if op.AzureVM == name && op.Ended.IsZero() {
					op.Ended = now()
				}
			}
		})
	})
}
