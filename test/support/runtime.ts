// What a runtime gives to the tests that run in both: databases and deflate. In workerd, test/workerd/runtime.ts stands in its place.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'
import type { Sql } from '../../src/store/sql.ts'

export { nodeDeflate as testDeflate } from '../../src/node.ts'

export interface TestStore extends Sql {
  close(): void
}

/** An empty database. Two that are used by turns are slow in workerd: a Durable Object has one, and the other is put aside. */
export function openTestStore(): TestStore {
  return openNodeSqlite(':memory:')
}

/** A database that stays when its stores are closed, as a file stays when a process ends. */
export interface TestFile {
  /** Any number may be open at once. */
  open(): TestStore
  remove(): void
}

export function createTestFile(): TestFile {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-test-'))
  return {
    open() {
      const store = openNodeSqlite(join(folder, 'default.sqlite'))
      // No power is cut in tests, and a process that is killed loses nothing that it wrote: waiting for the disk shows nothing.
      store.run('pragma synchronous = off')
      return store
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** How many seeds a test of chance tries: all on Node, a few where only the runtime is another. */
export const seedsHere = (all: number, _few: number): number => all

/** The cases of a test that tries the same with many: all on Node, and one in so many where only the runtime is another. */
export const casesHere = <T>(cases: readonly T[], _oneIn: number): readonly T[] => cases
