// Tells a list whose parent was deleted during the crawl from a list that PowerSchool does not have.

import type { Log } from '../log.ts'
import { RefusedError } from './answer.ts'
import type { PowerSchoolClient } from './client.ts'
import type { CrawlStore } from './crawl-ports.ts'
import type { List } from './lists.ts'

/** So many lists may be missing before one of the source has been read; more mean that its path is wrong. */
const MOST_WITHOUT_PROOF = 10

interface GoneListsOptions {
  readonly client: PowerSchoolClient
  readonly store: CrawlStore
  readonly log: Log
  readonly signal: AbortSignal
  /** Whether a list of the source has been read. */
  readonly isProven: () => boolean
  /** Learns how many rows a list had in the store that is empty now. */
  readonly onEmptied: (list: List, rowsBefore: number) => void
}

interface GoneLists {
  /** Takes the list for an empty one if it failed because its parent is gone; else throws the failure. */
  setAside(list: List, failure: unknown): Promise<void>
  /** Finishes the lists that were set aside before one of the source had been read. */
  finish(): Promise<void>
}

/** A 404, and the list has a parent. */
export function mayBeGone(list: List, failure: unknown): boolean {
  return list.parentPath !== undefined && isNotFound(failure)
}

/**
 * For the lists of one source. With a wrong path in the mapping all parents look gone, so they are believed to be only if a
 * list of the source has been read; where none has, the first failure is thrown.
 */
export function createGoneLists({ client, store, log, signal, isProven, onEmptied }: GoneListsOptions): GoneLists {
  const gone: { readonly list: List; readonly failure: unknown }[] = []

  async function isGone({ parentPath }: List): Promise<boolean> {
    if (parentPath === undefined) return false
    // First, and its failure is thrown: a server that is being restarted answers 404 to everything for a while.
    await client.metadata(signal)
    try {
      await client.get(parentPath, { read: () => undefined, signal })
      return false
    } catch (failure) {
      if (failure instanceof RefusedError) return isNotFound(failure)
      throw failure
    }
  }

  async function empty(list: List): Promise<void> {
    const { source, list: id } = list
    const rowsBefore = store.listState(source, id)?.rows ?? 0
    store.restartList(source, id)
    store.beginList(source, id, 0)
    await store.savePage(source, id, 1, [])
    await store.finishList(source, id)
    log.info('parent-gone', { source, list: id })
    onEmptied(list, rowsBefore)
  }

  /** At once, where it may be believed: after a stop nothing of it is asked for again. */
  async function emptyAll(): Promise<void> {
    for (const { list } of gone.splice(0)) await empty(list)
  }

  return {
    async setAside(list, failure) {
      if (!mayBeGone(list, failure) || !(await isGone(list))) throw failure
      gone.push({ list, failure })
      if (isProven()) await emptyAll()
      else if (gone.length > MOST_WITHOUT_PROOF) throw gone[0]?.failure
    },
    async finish() {
      const [first] = gone
      if (first !== undefined && !isProven()) throw first.failure
      await emptyAll()
    },
  }
}

function isNotFound(failure: unknown): boolean {
  return failure instanceof RefusedError && failure.status === 404
}
