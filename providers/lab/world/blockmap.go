package world

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"failback/engine/transfer"
)

// mapBlock is the unit in which changes of an on-premises disk are noticed.
const mapBlock = 64 << 10

// mapSuffix names the block map beside a disk's file.
const mapSuffix = ".blocks"

// blockMap has a short hash of every block of a disk that holds data: what the
// replication log of a real host would know of a disk since its last
// synchronisation.
type blockMap map[int64]uint64

func mapBlocks(ctx context.Context, src transfer.Source) (blockMap, error) {
	extents, err := src.Extents(ctx)
	if err != nil {
		return nil, err
	}
	m := blockMap{}
	p := make([]byte, mapBlock)
	for _, e := range extents {
		for at := e.Off / mapBlock * mapBlock; at < e.End(); at += mapBlock {
			q := p[:min(mapBlock, src.Size()-at)]
			if err := src.ReadAt(ctx, q, at); err != nil {
				return nil, err
			}
			sum := sha256.Sum256(q)
			m[at/mapBlock] = binary.LittleEndian.Uint64(sum[:])
		}
	}
	return m, nil
}

// differs counts the blocks that are not the same in both maps.
func (m blockMap) differs(o blockMap) int64 {
	var n int64
	for k, v := range m {
		if o[k] != v {
			n++
		}
	}
	for k := range o {
		if _, both := m[k]; !both {
			n++
		}
	}
	return n
}

func (w *World) writeBlockMap(rel string, m blockMap) error {
	data := make([]byte, 0, 16*len(m))
	for k, v := range m {
		data = binary.LittleEndian.AppendUint64(data, uint64(k))
		data = binary.LittleEndian.AppendUint64(data, v)
	}
	name := w.homePath(rel) + mapSuffix
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}

// readBlockMap returns nil where no synchronisation has left a map.
func (w *World) readBlockMap(rel string) (blockMap, error) {
	data, err := os.ReadFile(w.homePath(rel) + mapSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := blockMap{}
	for ; len(data) >= 16; data = data[16:] {
		m[int64(binary.LittleEndian.Uint64(data))] = binary.LittleEndian.Uint64(data[8:])
	}
	return m, nil
}
