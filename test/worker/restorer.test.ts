// A profile's object that goes back to an earlier state, over a platform that the tests play: its storage, its history, its end.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'
import { findProfile, saveProfile } from '../../src/store/profile.ts'
import { isRestored } from '../../src/store/restored.ts'
import { raiseServed, servedUntil } from '../../src/store/served.ts'
import { goBack, noteRestored, type RestoreNote, restorePoint } from '../../src/worker/restore.ts'
import { createRestorer } from '../../src/worker/restorer.ts'

const ID = 'pabcdefghijklmnop'
const MADE_MS = Date.parse('2026-11-01T00:00:00Z')
const DAY_MS = 86_400_000

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

interface Fault {
  /** Which call of a stub fails, counted from 0. */
  readonly call: number
  /** Before it has done anything, or when all is done and only its answer is lost. */
  readonly when: 'before' | 'after'
}

/** One object with its history, the control object, and what of either may be lost on the way. */
function openPlatform() {
  const folder = mkdtempSync(join(tmpdir(), 'platform-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  const fileOf = (name: string) => join(folder, `${name}.sqlite`)
  const open = () => {
    const opened = openNodeSqlite(fileOf('now'))
    opened.run('create table if not exists kv (key text primary key, value text not null)')
    return opened
  }
  let sql = open()
  cleanups.push(() => sql.close())
  let bookmarks = 0
  let next: { readonly bookmark: string; readonly undo: string } | undefined
  const history: { readonly ms: number; readonly bookmark: string }[] = []
  const notes = new Map<string, RestoreNote>()
  const woken: string[] = []
  let fault: Fault | undefined
  let calls = 0

  function keep(name: string): void {
    rmSync(fileOf(name), { force: true })
    sql.run('vacuum into ?', fileOf(name))
  }

  /** The object ends; the next one finds what it was told to go back to. */
  function end(): void {
    if (next !== undefined) keep(next.undo)
    sql.close()
    if (next !== undefined) {
      for (const beside of ['', '-wal', '-shm']) rmSync(`${fileOf('now')}${beside}`, { force: true })
      copyFileSync(fileOf(next.bookmark), fileOf('now'))
    }
    next = undefined
    sql = open()
  }

  const storage = {
    get: async <T>(key: string) => {
      const [row] = sql.all<{ value: string }>('select value from kv where key = ?', key)
      return row && (JSON.parse(row.value) as T)
    },
    put: async (key: string, value: unknown) =>
      void sql.run('insert or replace into kv (key, value) values (?, ?)', key, JSON.stringify(value)),
    getBookmarkForTime: async (ms: number) => {
      const found = history.findLast((state) => state.ms <= ms)
      if (found === undefined) throw new Error('the time is more than 30 days ago')
      return found.bookmark
    },
    onNextSessionRestoreBookmark: async (bookmark: string) => {
      if (!/^bookmark-\d+$/.test(bookmark)) throw new Error('no bookmark of this object')
      bookmarks += 1
      next = { bookmark, undo: `bookmark-${bookmarks}` }
      return next.undo
    },
  }

  async function call<T>(work: () => Promise<T>): Promise<T> {
    const failing = fault?.call === calls ? fault.when : undefined
    calls += 1
    if (failing === 'before') throw new Error('the Worker has ended')
    const answer = await work()
    if (failing === 'after') throw new Error('the Worker has ended')
    return answer
  }

  const object = () => ({
    restorePoint: (target: Parameters<typeof restorePoint>[2]) => call(() => restorePoint(storage, sql, target)),
    goBack: (bookmark: string, ticket: string) => call(() => goBack(storage, bookmark, ticket)),
    restored: (note: RestoreNote) => call(() => noteRestored(storage, sql, note)),
    rewind: () =>
      call<void>(async () => {
        end()
        throw new Error('the object was ended')
      }),
    wake: (id: string) => call(async () => void woken.push(id)),
  })
  const control = () => ({
    noteRestore: (note: RestoreNote) => call(async () => void notes.set(note.id, note)),
    restores: () => call(async () => [...notes.values()]),
    endRestore: (id: string, ticket: string) =>
      call(async () => {
        if (notes.get(id)?.ticket === ticket) notes.delete(id)
      }),
  })
  let ids = 0
  return {
    storage,
    sql: () => sql,
    notes,
    woken,
    restorer: () => {
      calls = 0
      return createRestorer({ control, object, log: silentLog, origin: undefined, newId: () => `ticket-${++ids}` })
    },
    calls: () => calls,
    fail: (given: Fault | undefined) => {
      fault = given
    },
    end,
    /** What the platform remembers of this moment. */
    remember(ms: number) {
      bookmarks += 1
      keep(`bookmark-${bookmarks}`)
      history.push({ ms, bookmark: `bookmark-${bookmarks}` })
    },
  }
}

const nameIn = ({ sql }: ReturnType<typeof openPlatform>) => findProfile(sql())?.settings.displayName

function name({ sql }: ReturnType<typeof openPlatform>, displayName: string): void {
  saveProfile(sql(), {
    id: ID,
    state: 'provisioned',
    settings: { displayName },
    sealedSecret: null,
    problem: undefined,
    isPaused: false,
    tries: 0,
    createdMs: MADE_MS,
    changedMs: MADE_MS,
  })
}

/** It was called Old on the second day, and is called New since the fourth. */
function openProfile() {
  const platform = openPlatform()
  platform.remember(MADE_MS - DAY_MS)
  migrate(platform.sql(), STORAGE)
  name(platform, 'Old')
  platform.remember(MADE_MS + DAY_MS)
  name(platform, 'New')
  raiseServed(platform.sql(), MADE_MS + 3 * DAY_MS)
  platform.remember(MADE_MS + 3 * DAY_MS)
  return platform
}

const SECOND_DAY = { toMs: MADE_MS + 2 * DAY_MS }

describe('an object that goes back', () => {
  it('is as it was then, knows that consumers have seen more, and begins by itself', async () => {
    const platform = openProfile()
    const outcome = await platform.restorer().restore(ID, SECOND_DAY)
    expect(outcome).toEqual({ ok: true, bookmark: expect.stringMatching(/^bookmark-/), isDone: true })
    expect(nameIn(platform)).toBe('Old')
    expect(isRestored(platform.sql())).toBe(true)
    expect(servedUntil(platform.sql())).toBe(MADE_MS + 3 * DAY_MS)
    expect(platform.notes.size).toBe(0)
    expect(platform.woken).toEqual([ID])
  })

  it('comes back by the bookmark that was answered', async () => {
    const platform = openProfile()
    const outcome = await platform.restorer().restore(ID, SECOND_DAY)
    if (!outcome.ok) throw new Error(outcome.message)
    const { bookmark } = outcome
    expect(await platform.restorer().restore(ID, { bookmark })).toMatchObject({ ok: true, isDone: true })
    expect(nameIn(platform)).toBe('New')
    // What was read meanwhile is to be told anew too.
    expect(isRestored(platform.sql())).toBe(true)
  })

  it('is refused with the words of the platform, and stays as it is', async () => {
    const platform = openProfile()
    const refused = [
      await platform.restorer().restore(ID, { bookmark: 'x' }),
      await platform.restorer().restore(ID, { toMs: MADE_MS - 1 }),
    ]
    expect(refused).toEqual([
      { ok: false, message: 'no bookmark of this object' },
      { ok: false, message: 'The profile was made later, at 2026-11-01T00:00:00.000Z.' },
    ])
    platform.end()
    expect(nameIn(platform)).toBe('New')
    expect(isRestored(platform.sql())).toBe(false)
    expect(platform.notes.size).toBe(0)

    const young = openPlatform()
    migrate(young.sql(), STORAGE)
    name(young, 'New')
    expect(await young.restorer().restore(ID, SECOND_DAY)).toEqual({
      ok: false,
      message: 'the time is more than 30 days ago',
    })
  })

  it('is brought back by itself from a state in which there was nothing', async () => {
    const platform = openProfile()
    const [first] = ['bookmark-1']
    expect(await platform.restorer().restore(ID, { bookmark: first ?? '' })).toMatchObject({ ok: false })
    expect(nameIn(platform)).toBe('New')
    expect(platform.notes.size).toBe(0)
  })

  it('never goes back without telling its consumers, whatever ends on the way', async () => {
    const whole = openProfile()
    await whole.restorer().restore(ID, SECOND_DAY)
    const outcomes = new Set<unknown>()
    for (let call = 0; call < whole.calls(); call += 1) {
      for (const when of ['before', 'after'] as const) {
        const platform = openProfile()
        platform.fail({ call, when })
        await platform
          .restorer()
          .restore(ID, SECOND_DAY)
          .catch(() => {})
        platform.fail(undefined)
        // The platform may end an object at any time.
        platform.end()
        await platform.restorer().goOn()
        platform.end()
        outcomes.add(nameIn(platform))
        if (nameIn(platform) === 'Old')
          expect({ call, when, told: isRestored(platform.sql()) }).toMatchObject({ told: true })
        expect({ call, when, notes: platform.notes.size }).toMatchObject({ notes: 0 })
      }
    }
    expect(outcomes).toEqual(new Set(['Old', 'New']))
  })
})
