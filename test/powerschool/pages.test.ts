import { describe, expect, it } from 'vitest'
import type { List } from '../../src/powerschool/lists.ts'
import { readList } from '../../src/powerschool/pages.ts'
import { STEP_ENDED } from '../../src/powerschool/stop.ts'
import {
  bodyOf,
  countBody,
  fakeClient,
  fakeServer,
  type Handler,
  json,
  memoryStore,
  numbered,
  pageOf,
  type Seen,
} from './fake.ts'

const PATH = '/ws/v1/district/student'

const LIST: List = {
  source: 'students',
  list: 'all',
  path: PATH,
  rows: 'students.student',
  keyPath: 'id',
  isSingle: false,
  filter: { q: 'school_enrollment.enroll_status==(A,P)' },
  detail: { expansions: 'demographics' },
}

interface Wire {
  /** Rows that PowerSchool holds. */
  readonly rows: readonly { readonly id: number }[]
  readonly count?: (seen: Seen) => number | 'none'
  /** Replaces the answer to a page; undefined leaves it. */
  readonly page?: (seen: Seen, page: number) => Response | undefined
}

function district({ rows, count = () => rows.length, page = () => undefined }: Wire): Handler {
  return (seen) => {
    if (seen.path === `${PATH}/count`) {
      const told = count(seen)
      return told === 'none' ? json({ message: 'no such resource' }, { status: 404 }) : countBody(told)
    }
    if (seen.path !== PATH) return undefined
    return (
      page(seen, Number(seen.query.get('page'))) ?? pageOf({ wrapper: 'students', child: 'student', rows }, seen.query)
    )
  }
}

function read(wire: Wire, { store = memoryStore(), pageSize = 10 } = {}) {
  const server = fakeServer(district(wire))
  const { client, clock, log, lines } = fakeClient(server)
  const changes: number[] = []
  const done = readList(client, LIST, store, { pageSize, log, onRows: (change) => changes.push(change) })
  return { server, store, clock, lines, changes, done }
}

const some = (rows: readonly { readonly id: number }[]) => bodyOf('students', 'student', rows)
const ids = (count: number) => numbered(count).map(({ id }) => id)

describe('a list', () => {
  it('is counted with its filter, then read page by page with its details', async () => {
    const { server, store, done } = read({ rows: numbered(25) })
    await done
    const q = 'q=school_enrollment.enroll_status%3D%3D(A%2CP)'
    expect(server.log).toEqual([
      `${PATH}/count?${q}`,
      ...[1, 2, 3].map((page) => `${PATH}?page=${page}&pagesize=10&expansions=demographics&${q}`),
    ])
    expect(store.ids('students')).toEqual(ids(25))
    expect(store.lists.get('students|all')?.isDone).toBe(true)
  })

  it('reads its pages in parallel within the concurrency', async () => {
    const { server, store, done } = read({ rows: numbered(195) })
    await done
    expect(server.peak).toBe(4)
    expect(store.ids('students')).toEqual(ids(195))
  })

  it.each([0, 1, 9, 10, 11, 20])('of %i rows is read whole', async (count) => {
    const { store, done } = read({ rows: numbered(count) })
    await done
    expect(store.ids('students')).toEqual(ids(count))
  })

  it('goes on behind the count while pages are full', async () => {
    const { store, done } = read({ rows: numbered(34), count: () => 20 })
    await done
    expect(store.ids('students')).toEqual(ids(34))
  })

  it('without a count goes on until an empty page', async () => {
    const { server, store, done } = read({ rows: numbered(23), count: () => 'none' })
    await done
    expect(store.ids('students')).toEqual(ids(23))
    expect(server.log).toHaveLength(5)
  })

  it.each([null, '', ' ', 2 ** 53])('holds two rows with the unusable key %j, which are no repetition', async (id) => {
    const broken = { id } as unknown as { readonly id: number }
    const { server, store, done } = read({ rows: [...numbered(15), broken, broken] })
    await done
    expect(server.log).toHaveLength(3)
    expect([...(store.lists.get('students|all')?.pages.values() ?? [])].flat()).toHaveLength(17)
  })

  it.each([403, 400])('whose count is refused with %i is refused', async (status) => {
    const server = fakeServer(({ path }) => (path.endsWith('/count') ? json({ message: 'no' }, { status }) : undefined))
    const { client, log } = fakeClient(server)
    await expect(readList(client, LIST, memoryStore(), { pageSize: 10, log })).rejects.toMatchObject({
      code: 'powerschool-refused',
    })
  })
})

describe('a list that is not whole', () => {
  const rows = numbered(25)
  /** The fault shows in the first reading only. */
  const once = (page: number, answer: () => Response) => (_: Seen, asked: number) => {
    if (asked !== page || fired.has(answer)) return undefined
    fired.add(answer)
    return answer()
  }
  const fired = new Set<() => Response>()

  it.each([
    ['a short last page', 3, () => some(numbered(4, 21))],
    ['a short page in the middle', 2, () => some(numbered(9, 11))],
    ['an empty page in the middle', 2, () => some([])],
    ['an empty first page', 1, () => some([])],
    ['a row of another page', 2, () => some([{ id: 10 }, ...numbered(9, 11)])],
    ['a row twice in one page', 2, () => some([{ id: 11 }, ...numbered(9, 11)])],
    ['a whole page twice', 2, () => some(numbered(10, 1))],
  ] as const)('is read again: %s', async (_, page, answer) => {
    const { store, lines, done, changes, clock } = read({ rows, page: once(page, answer) })
    await done
    expect(store.ids('students')).toEqual(ids(25))
    expect(store.calls.filter((call) => call.startsWith('restart'))).toHaveLength(1)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ event: 'powerschool-list-again', path: PATH }])
    expect(changes.reduce((sum, change) => sum + change)).toBe(25)
    expect(clock.slept).toHaveLength(1)
  })

  it('is read again when a short page and a row added at the end make the sum right', async () => {
    const grown = numbered(26)
    const { store, done } = read({ rows: grown, count: () => 25, page: once(2, () => some(numbered(9, 11))) })
    await done
    expect(store.ids('students')).toEqual(ids(26))
  })

  it('is counted again, too: rows may have left', async () => {
    const { store, server, done } = read({ rows, count: ({ nth }: Seen) => (nth === 0 ? 26 : 25) })
    await done
    expect(store.ids('students')).toEqual(ids(25))
    expect(server.log.filter((url) => url.includes('/count'))).toHaveLength(2)
  })

  it.each<[string, Wire, RegExp]>([
    ['rows that stay away', { rows, count: () => 27 }, /27 rows and delivered 25.*4 times.*missing/],
    ['a row that stays doubled', { rows: [...rows.slice(0, 24), { id: 3 }] }, /twice/],
    [
      'a page that stays short',
      {
        rows: numbered(26),
        count: () => 25,
        page: (_, page) => (page === 2 ? some(numbered(9, 11)) : undefined),
      },
      /not full/,
    ],
    [
      'a server that repeats page 1 without a count',
      { rows, count: () => 'none', page: () => some(numbered(10)) },
      /does not count.*twice/,
    ],
  ])('is refused after four readings: %s', async (_, wire, text) => {
    const { store, done, clock } = read(wire)
    await expect(done).rejects.toMatchObject({
      code: 'powerschool-incomplete',
      message: expect.stringMatching(text),
      remedy: expect.stringMatching(/\w+/),
    })
    await expect(done).rejects.toThrow(PATH)
    expect(store.ids('students')).toEqual([])
    expect(store.lists.size).toBe(0)
    expect(clock.slept).toHaveLength(3)
  })

  it.each([
    ['an error object', () => json({ errorMessage: { message: 'x' } })],
    ['another list', () => json({ schools: { school: [] } })],
    ['a cut-off body', () => new Response('{"students":{"student":[{"id":')],
  ])('has its page asked for again: %s', async (_, answer) => {
    const { store, done } = read({ rows, page: once(2, answer) })
    await done
    expect(store.ids('students')).toEqual(ids(25))
    expect(store.calls.filter((call) => call.startsWith('restart'))).toEqual([])
  })
})

describe('a list that was proved before', () => {
  const proved = (rows: readonly { readonly id: number }[]) => {
    const store = memoryStore()
    store.proved.set('students|all', rows)
    return store
  }
  const asked = (log: readonly string[]) =>
    log.map((url) => new URL(url, 'https://x').searchParams.get('page') ?? 'count')

  it('is finished by its page alone when that holds what it held', async () => {
    const store = proved(numbered(9))
    const { server, done, changes } = read({ rows: numbered(9) }, { store })
    await done
    expect(asked(server.log)).toEqual(['1'])
    expect(store.calls).toEqual(['unchanged students all'])
    expect(store.lists.get('students|all')?.isDone).toBe(true)
    expect(changes).toEqual([9])
  })

  it.each([
    ['a row more', numbered(9), ['1', 'count']],
    ['a row fewer', numbered(7), ['1', 'count']],
    ['another row', numbered(8, 2), ['1', 'count']],
    ['no row', [], ['1', 'count']],
    ['as many as a page takes', numbered(10), ['1', 'count', '1', '2']],
    ['more than a page takes', numbered(25), ['1', 'count', '1', '2', '3']],
  ])('is counted and proved anew when it holds %s', async (_, rows, requests) => {
    const store = proved(numbered(8))
    const { server, done, changes } = read({ rows }, { store })
    await done
    expect(asked(server.log)).toEqual(requests)
    expect(store.ids('students')).toEqual(rows.map(({ id }) => id))
    expect(changes.reduce((sum, change) => sum + change, 0)).toBe(rows.length)
  })

  it('is read again when the count tells that the page was short', async () => {
    const store = proved(numbered(8))
    const short = (seen: Seen) => (seen.nth === 0 ? some(numbered(6)) : undefined)
    const { server, done } = read({ rows: numbered(7), page: short }, { store })
    await done
    expect(asked(server.log)).toEqual(['1', 'count', 'count', '1'])
    expect(store.ids('students')).toEqual(ids(7))
  })

  it('keeps its changed page for the count, if a step ends between the two', async () => {
    const store = proved(numbered(8))
    const stopper = new AbortController()
    const server = fakeServer(
      district({
        rows: numbered(9),
        page() {
          stopper.abort(STEP_ENDED)
          return undefined
        },
      }),
    )
    const run = (signal?: AbortSignal) => {
      const { client, log } = fakeClient(server)
      return readList(client, LIST, store, { pageSize: 10, log, signal })
    }
    await expect(run(stopper.signal)).rejects.toMatchObject({ code: 'sync-stopped' })
    await run()
    expect(asked(server.log)).toEqual(['1', 'count'])
    expect(store.ids('students')).toEqual(ids(9))
  })

  it('is not taken for unchanged when it filled its page', async () => {
    const { server, done } = read({ rows: numbered(10) }, { store: proved(numbered(10)) })
    await done
    expect(asked(server.log)).toEqual(['count', '1', '2'])
  })

  it('is gone on with where an earlier run has begun to read it', async () => {
    const store = proved(numbered(9))
    store.beginList('students', 'all', 9)
    store.savePage('students', 'all', 1, numbered(9))
    const { server, done } = read({ rows: numbered(9) }, { store })
    await done
    expect(server.log).toEqual([])
  })
})

describe('the list of schools', () => {
  const schools = [...numbered(4), { id: 5, school_number: 999999 }]
  const list: List = { ...LIST, source: 'schools', path: '/ws/v1/district/school', rows: 'schools.school', filter: {} }
  const answer = (rows: readonly unknown[]) => bodyOf('schools', 'school', rows)

  const readSchools = (page: (nth: number) => Response, store = memoryStore(), count = 4) => {
    const server = fakeServer(({ path, nth }) => {
      if (path === `${list.path}/count`) return countBody(count)
      return path === list.path ? page(nth) : undefined
    })
    const { client, log, lines } = fakeClient(server)
    return { store, server, lines, done: readList(client, list, store, { pageSize: 10, log }) }
  }

  it('may hold "Graduated Students", which is not counted', async () => {
    const { store, server, done } = readSchools(() => answer(schools))
    await done
    expect(store.ids('schools')).toEqual([1, 2, 3, 4, 5])
    expect(server.log).toHaveLength(2)
  })

  it('is read again when a school is missing, even if "Graduated Students" makes the sum right', async () => {
    const { store, done } = readSchools((nth) => answer(nth === 0 ? schools.slice(1) : schools))
    await done
    expect(store.ids('schools')).toEqual([1, 2, 3, 4, 5])
  })

  it('is taken for whole with a warning when every reading shows that "Graduated Students" is counted', async () => {
    const { store, lines, server, done } = readSchools(() => answer(schools), memoryStore(), 5)
    await done
    expect(store.ids('schools')).toEqual([1, 2, 3, 4, 5])
    expect(server.log).toHaveLength(8)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'count-includes-graduated', level: 'warn', total: 5 })
  })

  it.each([
    ['is taken for whole', 'success', () => answer(schools)],
    ['is refused', 'powerschool-incomplete', (nth: number) => answer(nth === 1 ? schools.slice(2) : schools)],
  ])('%s after four readings, each of them in a run of its own', async (_, end, page) => {
    const store = memoryStore()
    const server = fakeServer(({ path, nth }) =>
      path === `${list.path}/count` ? countBody(5) : path === list.path ? page(nth) : undefined,
    )
    const ends: string[] = []
    for (let run = 1; run <= 4; run += 1) {
      const stopper = new AbortController()
      // While it waits before it reads the list again.
      const { client, log } = fakeClient(server, { sleep: async () => stopper.abort() })
      const done = readList(client, list, store, { pageSize: 10, log, signal: stopper.signal })
      ends.push(
        await done.then(
          () => 'success',
          (failure: { readonly code: string }) => failure.code,
        ),
      )
    }
    expect(ends).toEqual(['sync-stopped', 'sync-stopped', 'sync-stopped', end])
    expect(server.log).toHaveLength(8)
  })

  it.each([
    ['a reading shows another fault', (nth: number) => answer(nth === 1 ? schools.slice(2) : schools)],
    ['a school is missing besides', () => answer(schools.slice(1))],
    ['it does not hold "Graduated Students"', () => answer(schools.slice(0, 4))],
  ])('is refused when its count is not reached and %s', async (_, page) => {
    const { store, done } = readSchools(page, memoryStore(), 5)
    await expect(done).rejects.toMatchObject({ code: 'powerschool-incomplete' })
    expect(store.lists.size).toBe(0)
  })

  it('is read anew when an earlier run has not proved it: "Graduated Students" do not stand for a lost school', async () => {
    const store = memoryStore()
    store.beginList('schools', 'all', 4)
    store.savePage('schools', 'all', 1, schools.slice(1), 1)
    await readSchools(() => answer(schools), store).done
    expect(store.ids('schools')).toEqual([1, 2, 3, 4, 5])
  })
})

describe('a list of an earlier run', () => {
  const begun = (
    total: number | undefined,
    pages: Readonly<Record<number, readonly { readonly id: number }[]>>,
    startedMs?: number,
  ) => {
    const store = memoryStore({}, startedMs)
    store.beginList('students', 'all', total)
    for (const [page, rows] of Object.entries(pages)) store.savePage('students', 'all', Number(page), rows)
    return store
  }
  const pagesRead = (log: readonly string[]) =>
    log.map((url) => new URL(url, 'https://x').searchParams.get('page') ?? 'count')

  it('goes on with the pages that are missing', async () => {
    const store = begun(35, { 1: numbered(10), 3: numbered(10, 21) })
    const { server, done } = read({ rows: numbered(35) }, { store })
    await done
    expect(pagesRead(server.log)).toEqual(['2', '4'])
    expect(store.ids('students')).toEqual(ids(35))
  })

  const NOW_MS = Date.parse('2026-01-15T08:00:00Z')

  it('is read anew when it was begun more than five minutes ago: the count hides a row that moved up', async () => {
    const store = begun(25, { 1: numbered(10) }, NOW_MS - 300_001)
    // Row 3 has left since and 26 has come, so that 11 stands on page 1 now.
    const { server, done, changes } = read({ rows: numbered(26).filter(({ id }) => id !== 3) }, { store })
    await done
    expect(pagesRead(server.log)).toEqual(['count', '1', '2', '3'])
    expect(store.ids('students')).toEqual(ids(26).filter((id) => id !== 3))
    expect(changes.reduce((sum, change) => sum + change)).toBe(15)
  })

  it.each([
    ['was begun five minutes ago', 25, { 1: numbered(10) }, NOW_MS - 300_000, ['2', '3']],
    ['was begun in the future, by the clock', 25, { 1: numbered(10) }, NOW_MS + 3_600_000, ['2', '3']],
    ['is old, but a single page', 8, { 1: numbered(8) }, NOW_MS - 86_400_000, []],
  ])('goes on when it %s', async (_, total, pages, startedMs, asked) => {
    const store = begun(total, pages, startedMs)
    const { server, done } = read({ rows: numbered(total) }, { store })
    await done
    expect(pagesRead(server.log)).toEqual(asked)
    expect(store.ids('students')).toEqual(ids(total))
  })

  it('is finished without a request when only its mark is missing', async () => {
    const store = begun(15, { 1: numbered(10), 2: numbered(5, 11) })
    const { server, done } = read({ rows: numbered(15) }, { store })
    await done
    expect(server.log).toEqual([])
    expect(store.lists.get('students|all')?.isDone).toBe(true)
  })

  it.each([
    ['with the larger pages of today', 100, { 1: numbered(10), 2: numbered(10, 11) }],
    ['with the smaller pages of today', 5, { 1: numbered(10), 2: numbered(10, 11) }],
  ])('is read anew where its pages do not fit together %s', async (_, pageSize, pages) => {
    const store = begun(25, pages)
    await read({ rows: numbered(25) }, { store, pageSize }).done
    expect(store.ids('students')).toEqual(ids(25))
  })

  it('without a count goes on behind full pages, and begins anew behind others', async () => {
    const full = begun(undefined, { 1: numbered(10) })
    const one = read({ rows: numbered(15), count: () => 'none' }, { store: full })
    await one.done
    expect(pagesRead(one.server.log)).toEqual(['2', '3'])
    const other = begun(undefined, { 1: numbered(10) })
    const two = read({ rows: numbered(15), count: () => 'none' }, { store: other, pageSize: 20 })
    await two.done
    expect(other.ids('students')).toEqual(ids(15))
  })
})
