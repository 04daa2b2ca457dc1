import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { crawl } from '../../src/powerschool/crawl.ts'
import type { CrawlProgressReport, RestSource } from '../../src/powerschool/crawl-ports.ts'
import {
  countBody,
  fakeClient,
  fakeServer,
  type Handler,
  json,
  type MemoryStore,
  memoryStore,
  metadataBody,
  numbered,
  pageOf,
  pause,
} from './fake.ts'

const PLAN: readonly RestSource[] = [
  source('district', '/ws/v1/district', 'district', { isSingle: true, keyPath: 'uuid', expand: ['race_codes'] }),
  source('schools', '/ws/v1/district/school', 'schools.school'),
  source('terms', '/ws/v1/school/{schools.id}/term', 'terms.term', {
    q: 'start_year=={settings.term_years}',
    parent: { placeholder: 'schools.id' },
  }),
  source('students', '/ws/v1/district/student', 'students.student', {
    expand: ['demographics', 'phones'],
    extend: ['u_x'],
  }),
]

function source(name: string, get: string, rows: string, more: Partial<RestSource> = {}): RestSource {
  return { kind: 'rest', name, get, rows, expand: [], extend: [], keyPath: 'id', isSingle: false, ...more }
}

const SETTINGS = { term_years: [2025, 2026] }
const LISTS: Readonly<Record<string, { wrapper: string; child: string; rows: readonly { id: number }[] }>> = {
  '/ws/v1/district/school': { wrapper: 'schools', child: 'school', rows: numbered(3) },
  '/ws/v1/district/student': { wrapper: 'students', child: 'student', rows: numbered(47) },
}

/** Three schools with four terms a year each, 47 students, ten rows a page. */
const district: Handler = ({ path, query }) => {
  if (path === '/ws/v1/metadata') return metadataBody(10)
  if (path === '/ws/v1/district') return json({ district: { uuid: 'u-1', name: 'Example USD' } })
  const listPath = path.replace(/\/count$/, '')
  const list = LISTS[listPath] ?? termsOf(listPath, query.get('q'))
  if (list === undefined) return undefined
  return path.endsWith('/count') ? countBody(list.rows.length) : pageOf(list, query)
}

function termsOf(path: string, q: string | null) {
  const school = /^\/ws\/v1\/school\/(\d+)\/term$/.exec(path)?.[1]
  const year = /^start_year==(\d{4})$/.exec(q ?? '')?.[1]
  if (school === undefined || year === undefined) return undefined
  return { wrapper: 'terms', child: 'term', rows: numbered(4, Number(school) * 1000 + (Number(year) % 100) * 10) }
}

async function crawlAll(handler: Handler, store: MemoryStore = memoryStore(SETTINGS), signal?: AbortSignal) {
  const server = fakeServer(handler)
  const { client, lines } = fakeClient(server)
  const progress: CrawlProgressReport[] = []
  await crawl(PLAN, store, client, { log: silentLog, pause, signal, onProgress: (report) => progress.push(report) })
  return { server, store, progress, lines }
}

const WHOLE = (await crawlAll(district)).store
const contentOf = (store: MemoryStore) => [...store.lists].map(([list, { pages }]) => [list, [...pages]]).sort()

describe('a crawl', () => {
  it('reads sources in order, one list a parent and value of q', async () => {
    const { store, server } = await crawlAll(district)
    expect([...store.lists.keys()]).toEqual([
      'district|all',
      'schools|all',
      ...[1, 2, 3].flatMap((id) => [`terms|${id};2025`, `terms|${id};2026`]),
      'students|all',
    ])
    expect(store.ids('terms')).toHaveLength(24)
    expect(store.ids('students')).toHaveLength(47)
    expect([...store.sourcesDone]).toEqual(['district', 'schools', 'terms', 'students'])
    expect(server.log[0]).toBe('/ws/v1/metadata')
    expect(server.log).toContain('/ws/v1/district?expansions=race_codes')
    expect(server.log).toContain('/ws/v1/school/2/term/count?q=start_year%3D%3D2026')
    expect(server.log).toContain(
      '/ws/v1/district/student?page=1&pagesize=10&expansions=demographics%2Cphones&extensions=u_x',
    )
    expect(server.tokenRequests).toBe(1)
  })

  it('reads nothing for a list of settings or parents that is empty', async () => {
    const store = memoryStore({ term_years: [] })
    await crawlAll(district, store)
    expect(store.ids('terms')).toEqual([])
    expect(store.isSourceDone('terms')).toBe(true)
  })

  it('refuses a setting without a value', async () => {
    await expect(crawlAll(district, memoryStore({}))).rejects.toMatchObject({
      code: 'settings-invalid',
      message: expect.stringContaining('term_years'),
    })
  })

  it('keeps no more under way than the client allows', async () => {
    const many = { ...PLAN[2], q: 'start_year==2025' } as RestSource
    const store = memoryStore()
    store.beginList('schools', 'all', 500)
    store.savePage('schools', 'all', 1, numbered(500))
    const server = fakeServer(district)
    const { client } = fakeClient(server)
    await crawl([many], store, client, { log: silentLog, pause })
    expect(server.peak).toBe(4)
    expect(client.requests).toBe(1001)
    expect([...store.lists.values()].filter((list) => list.isDone)).toHaveLength(500)
  })
})

describe('progress', () => {
  it('rises to the whole of every source, with totals only once all is counted', async () => {
    const { progress, server } = await crawlAll(district)
    const last = (name: string) => progress.filter((report) => report.source === name).at(-1)
    expect(last('district')).toMatchObject({ sourceIndex: 0, sourceCount: 4, listsDone: 1, listsTotal: 1, rowsDone: 1 })
    expect(last('terms')).toMatchObject({
      sourceIndex: 2,
      listsDone: 6,
      listsTotal: 6,
      rowsDone: 24,
      rowsTotal: 24,
      etaMs: 0,
    })
    expect(last('students')).toMatchObject({ rowsDone: 47, rowsTotal: 47, requests: server.log.length })
    const terms = progress.filter((report) => report.source === 'terms')
    expect(terms[0]).toMatchObject({ listsDone: 0, listsTotal: 6, rowsDone: 0 })
    expect(terms[0]).not.toHaveProperty('rowsTotal')
    expect(terms[0]).not.toHaveProperty('etaMs')
  })

  it('tells how long the source will take from the speed so far', async () => {
    const server = fakeServer(district)
    const { client, clock } = fakeClient(
      {
        fetch(url, init) {
          if (/student\?/.test(url)) clock.advance(1000)
          return server.fetch(url, init)
        },
      },
      { concurrency: 1 },
    )
    const etas: (number | undefined)[] = []
    await crawl(PLAN.slice(3), memoryStore(), client, {
      log: silentLog,
      pause,
      onProgress: ({ rowsDone, etaMs }) => {
        if (rowsDone === 20) etas.push(etaMs)
      },
    })
    expect(etas).toEqual([2700])
  })
})

describe('a crawl that was killed', () => {
  /** Throws instead of making the nth change, as if the process ended there. */
  function killedAt(store: MemoryStore, nth: number): MemoryStore {
    let changes = 0
    const guard =
      <A extends unknown[], R>(change: (...values: A) => R) =>
      (...values: A): R => {
        changes += 1
        if (changes >= nth) throw new Error('killed')
        return change(...values)
      }
    return {
      ...store,
      beginList: guard(store.beginList),
      savePage: guard(store.savePage),
      restartList: guard(store.restartList),
      finishList: guard(store.finishList),
      finishSource: guard(store.finishSource),
    }
  }

  /** But for schools: their count leaves one out, so half a list of them cannot be proved and is read anew. */
  const isPage = (call: string) => /^save (?!schools)/.test(call)

  it('goes on from every point to the same end, and reads no kept page again', async () => {
    for (let nth = 1; nth <= WHOLE.calls.length; nth += 1) {
      const store = memoryStore(SETTINGS)
      await expect(crawlAll(district, killedAt(store, nth))).rejects.toThrow('killed')
      const kept = store.calls.filter(isPage)
      await crawlAll(district, store)
      const saved = store.calls.filter(isPage)
      expect(contentOf(store)).toEqual(contentOf(WHOLE))
      expect(new Set(saved).size).toBe(saved.length)
      expect(saved.slice(0, kept.length)).toEqual(kept)
    }
  })

  it('is not read again when it is complete', async () => {
    const store = memoryStore(SETTINGS)
    await crawlAll(district, store)
    const { server } = await crawlAll(district, store)
    expect(server.log).toEqual(['/ws/v1/metadata'])
  })

  it('shows in its progress what it had', async () => {
    const store = memoryStore(SETTINGS)
    for (const name of ['district', 'schools', 'terms']) store.finishSource(name)
    store.beginList('students', 'all', 47)
    store.savePage('students', 'all', 2, numbered(10, 11))
    const { progress } = await crawlAll(district, store)
    expect(progress[0]).toMatchObject({ source: 'students', rowsDone: 10, rowsTotal: 47, listsDone: 0 })
    expect(progress.at(-1)).toMatchObject({ rowsDone: 47, rowsTotal: 47, listsDone: 1 })
  })
})

describe('a parent that is deleted during the crawl', () => {
  const BY_SCHOOL = PLAN.slice(0, 3)
  const TERMS: Handler = (seen) => {
    const school = /^\/ws\/v1\/school\/(\d+)$/.exec(seen.path)?.[1]
    return school === undefined ? district(seen) : json({ school: { id: Number(school) } })
  }
  const without =
    (gone: RegExp, rest: Handler = TERMS): Handler =>
    (seen) =>
      gone.test(seen.path) ? json({ message: 'not here' }, { status: 404 }) : rest(seen)
  const termsOfSchool = (store: MemoryStore, school: number) =>
    [2025, 2026].map((year) => store.lists.get(`terms|${school};${year}`))

  async function crawlTerms(handler: Handler, store = memoryStore(SETTINGS)) {
    const server = fakeServer(handler)
    const { client, log, lines } = fakeClient(server)
    const progress: CrawlProgressReport[] = []
    const done = crawl(BY_SCHOOL, store, client, { log, pause, onProgress: (report) => progress.push(report) })
    return { server, store, progress, lines, done }
  }

  it('leaves its lists empty and the others whole', async () => {
    const { store, lines, progress, done } = await crawlTerms(without(/\/school\/2\b/))
    await done
    expect(store.ids('terms')).toHaveLength(16)
    for (const list of termsOfSchool(store, 2)) expect(list).toMatchObject({ total: 0, isDone: true })
    expect(store.isSourceDone('terms')).toBe(true)
    const gone = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'parent-gone')
    expect(gone).toMatchObject([2025, 2026].map((year) => ({ level: 'info', source: 'terms', list: `2;${year}` })))
    expect(progress.at(-1)).toMatchObject({ listsDone: 6, listsTotal: 6, rowsDone: 16, rowsTotal: 16 })
  })

  it('takes the pages that were read of it along', async () => {
    const long: Handler = (seen) => {
      if (!/^\/ws\/v1\/school\/2\/term/.test(seen.path)) return TERMS(seen)
      if (seen.path.endsWith('/count')) return countBody(35)
      if (seen.query.get('page') !== '1') return json({ message: 'not here' }, { status: 404 })
      return pageOf({ wrapper: 'terms', child: 'term', rows: numbered(35, 500) }, seen.query)
    }
    const { store, progress, done } = await crawlTerms(without(/\/school\/2$/, long))
    await done
    for (const list of termsOfSchool(store, 2)) expect(list).toMatchObject({ total: 0, isDone: true })
    expect(progress.at(-1)).toMatchObject({ listsDone: 6, rowsDone: 16, rowsTotal: 16 })
  })

  it.each([
    ['the parent is there', without(/\/school\/2\/term/)],
    [
      'the parent is refused',
      without(/\/school\/2\/term/, (seen) =>
        seen.path === '/ws/v1/school/2' ? json({ message: 'no' }, { status: 403 }) : TERMS(seen),
      ),
    ],
    ['every parent looks gone, as with a wrong path', without(/\/school\/\d/)],
    ['the list has no parent', without(/district\/school/)],
    [
      'the whole server answers 404 for a while',
      (() => {
        let isDown = false
        return (seen) => {
          if (seen.path.startsWith('/ws/v1/school/2/')) isDown = true
          return isDown ? json({ message: 'not here' }, { status: 404 }) : TERMS(seen)
        }
      })(),
    ],
  ] satisfies [string, Handler][])('is not assumed when %s', async (_, handler) => {
    const { store, done } = await crawlTerms(handler)
    await expect(done).rejects.toMatchObject({ code: 'powerschool-refused' })
    expect(store.calls.filter((call) => /^finish terms 2/.test(call))).toEqual([])
    expect(store.isSourceDone('terms')).toBe(false)
  })

  it('is not assumed of hundreds: a wrong path ends the crawl soon', async () => {
    const store = memoryStore(SETTINGS)
    store.beginList('schools', 'all', 500)
    store.savePage('schools', 'all', 1, numbered(500))
    store.finishSource('schools')
    const { server, done } = await crawlTerms(without(/\/school\/\d/), store)
    await expect(done).rejects.toMatchObject({ code: 'powerschool-refused' })
    expect(server.log.length).toBeLessThan(100)
  })
})

describe('a failure', () => {
  it('stops the rest and is the one that is thrown', async () => {
    let isLate = false
    const store = memoryStore(SETTINGS)
    const failing: Handler = (seen) => {
      if (seen.path === '/ws/v1/school/2/term') return json({ message: 'no' }, { status: 403 })
      // The others hang for ever: only a cut connection ends them.
      if (/school\/[13]\/term$/.test(seen.path)) return new Promise<Response>(() => {})
      if (seen.path.endsWith('/student')) isLate = true
      return district(seen)
    }
    await expect(crawlAll(failing, store)).rejects.toMatchObject({
      code: 'powerschool-refused',
      message: expect.stringContaining('/ws/v1/school/2/term'),
    })
    expect(isLate).toBe(false)
    const calls = store.calls.length
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    expect(store.calls).toHaveLength(calls)
    expect(store.isSourceDone('terms')).toBe(false)
  })

  it('of one page cuts short the other pages of its list', async () => {
    const failing: Handler = (seen) => {
      if (seen.path !== '/ws/v1/district/student' || seen.query.get('page') === '1') return district(seen)
      return seen.query.get('page') === '3' ? json({ message: 'no' }, { status: 400 }) : new Promise<Response>(() => {})
    }
    await expect(crawlAll(failing)).rejects.toMatchObject({ code: 'powerschool-refused' })
  })

  it('of the store is thrown as it is', async () => {
    const store = memoryStore(SETTINGS)
    const full = {
      ...store,
      savePage: () => {
        throw new Error('disk full')
      },
    }
    await expect(crawlAll(district, full)).rejects.toThrow('disk full')
  })

  it('by the signal is sync-stopped, and the crawl can go on later', async () => {
    const controller = new AbortController()
    const store = memoryStore(SETTINGS)
    const stopping: Handler = (seen) => {
      if (seen.query.get('page') === '3') controller.abort()
      return district(seen)
    }
    await expect(crawlAll(stopping, store, controller.signal)).rejects.toMatchObject({ code: 'sync-stopped' })
    expect(store.isSourceDone('students')).toBe(false)
    await crawlAll(district, store)
    expect(contentOf(store)).toEqual(contentOf(WHOLE))
  })

  it('by the signal leaves no timer behind, however long PowerSchool asked to wait', async () => {
    const controller = new AbortController()
    let underWay = 0
    const busy: Handler = (seen) =>
      seen.path.endsWith('/term')
        ? new Response('', { status: 429, headers: { 'retry-after': '300' } })
        : district(seen)
    const { client, log } = fakeClient(fakeServer(busy), {
      sleep: (_, signal) =>
        new Promise((_resolve, reject) => {
          underWay += 1
          signal?.addEventListener('abort', () => {
            underWay -= 1
            reject(signal.reason)
          })
        }),
    })
    const failure = crawl(PLAN, memoryStore(SETTINGS), client, { log, pause, signal: controller.signal }).catch(
      (error) => error,
    )
    for (let turn = 0; turn < 2000; turn += 1) await Promise.resolve()
    expect(underWay).toBe(1)
    controller.abort()
    expect(await failure).toMatchObject({ code: 'sync-stopped' })
    expect(underWay).toBe(0)
  })

  it('by a signal that came before sends nothing', async () => {
    await expect(crawlAll(district, memoryStore(SETTINGS), AbortSignal.abort())).rejects.toMatchObject({
      code: 'sync-stopped',
    })
  })
})
