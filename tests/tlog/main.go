// Command tlog works out roots and proofs with golang.org/x/mod/sumdb, so that the tests can compare: another language, another author.
//
//	tlog root <entries          the root over all entries
//	tlog proofs <entries        every root, record proof and tree proof at every size
//	tlog note VKEY <note        the text of a note that this key has signed
//
// Entries come as tiles have them: each behind its length as two bytes, big-endian.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// stored are the hashes of a tree, where tlog wants to find them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

// read returns the hashes of a tree over the entries, and how many these are.
func read(input io.Reader) (stored, int64, error) {
	var tree stored
	in := bufio.NewReaderSize(input, 1<<20)
	for size := int64(0); ; size++ {
		var length uint16
		if err := binary.Read(in, binary.BigEndian, &length); errors.Is(err, io.EOF) {
			return tree, size, nil
		} else if err != nil {
			return nil, 0, err
		}
		entry := make([]byte, length)
		if _, err := io.ReadFull(in, entry); err != nil {
			return nil, 0, err
		}
		hashes, err := tlog.StoredHashes(size, entry, tree)
		if err != nil {
			return nil, 0, err
		}
		tree = append(tree, hashes...)
	}
}

func hexes(hashes []tlog.Hash) []string {
	found := make([]string, len(hashes))
	for i, hash := range hashes {
		found[i] = hex.EncodeToString(hash[:])
	}
	return found
}

// proofs are everything that there is about a small tree; the keys of records are "size/index", those of trees "size/old".
type proofs struct {
	Roots   []string            `json:"roots"`
	Records map[string][]string `json:"records"`
	Trees   map[string][]string `json:"trees"`
}

func allProofs(tree stored, size int64) (proofs, error) {
	found := proofs{Records: map[string][]string{}, Trees: map[string][]string{}}
	for at := int64(0); at <= size; at++ {
		root, err := tlog.TreeHash(at, tree)
		if err != nil {
			return found, err
		}
		found.Roots = append(found.Roots, hex.EncodeToString(root[:]))
		for index := int64(0); index < at; index++ {
			record, err := tlog.ProveRecord(at, index, tree)
			if err != nil {
				return found, err
			}
			found.Records[fmt.Sprintf("%d/%d", at, index)] = hexes(record)
			older, err := tlog.ProveTree(at, index+1, tree)
			if err != nil {
				return found, err
			}
			found.Trees[fmt.Sprintf("%d/%d", at, index+1)] = hexes(older)
		}
	}
	return found, nil
}

func run() (any, error) {
	if len(os.Args) == 3 && os.Args[1] == "note" {
		verifier, err := note.NewVerifier(os.Args[2])
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, err
		}
		opened, err := note.Open(content, note.VerifierList(verifier))
		if err != nil {
			return nil, err
		}
		return map[string]any{"text": opened.Text, "unverified": len(opened.UnverifiedSigs)}, nil
	}
	if len(os.Args) != 2 {
		return nil, errors.New("tlog root | tlog proofs | tlog note VKEY")
	}
	tree, size, err := read(os.Stdin)
	if err != nil {
		return nil, err
	}
	if os.Args[1] == "proofs" {
		return allProofs(tree, size)
	}
	root, err := tlog.TreeHash(size, tree)
	return map[string]any{"size": size, "root": hex.EncodeToString(root[:])}, err
}

func main() {
	found, err := run()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
