// Pins: which generation the pages of a query are read from, for how long, and what clean-up leaves for them.
import { beforeEach, describe, expect, it } from 'vitest'
import { cleanUp } from '../../src/store/clean-up.ts'
import { openPins, type PinnedQuery, type Pins } from '../../src/store/pins.ts'
import type { Sql } from '../../src/store/sql.ts'
import { COLLECTIONS, openStore, publish, tidy, user } from './support.ts'

const AT = Date.parse('2026-03-02T09:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const USERS: PinnedQuery = { reader: 'token a', consumer: 'sds', query: 'users' }
const OTHER_TOKEN: PinnedQuery = { ...USERS, reader: 'token b' }
const OTHER_QUERY: PinnedQuery = { ...USERS, query: 'classes' }

let sql: Sql
let clock: { now: number }
let pins: Pins
const open = () => openPins(sql, { now: () => clock.now, lifetimeMs: HOUR })
const generationOf = (snapshot: ReturnType<Pins['begin']>) => snapshot?.generation

beforeEach(() => {
  sql = openStore()
  clock = { now: AT }
  pins = open()
  publish(sql, [user('stu1')], AT)
})

/** A generation in which everybody has another name. */
function publishAnother(name: string): void {
  publish(sql, [user('stu1', name)], clock.now)
}

describe('the pages of a query', () => {
  it('are of the generation that was the newest at its first page', () => {
    expect(generationOf(pins.begin(USERS))).toBe(1)
    publishAnother('Bo')
    expect(generationOf(pins.follow(USERS))).toBe(1)
    expect(generationOf(pins.begin(USERS))).toBe(2)
    expect(generationOf(pins.follow(USERS))).toBe(2)
  })

  it('are pinned apart for each token and each query', () => {
    pins.begin(USERS)
    publishAnother('Bo')
    expect(generationOf(pins.begin(OTHER_TOKEN))).toBe(2)
    expect(generationOf(pins.begin(OTHER_QUERY))).toBe(2)
    expect(generationOf(pins.follow(USERS))).toBe(1)
  })

  it('follow the pin of the same consumer when the token has ended within the run', () => {
    pins.begin(USERS)
    publishAnother('Bo')
    expect(generationOf(pins.follow(OTHER_TOKEN))).toBe(1)
    publishAnother('Cy')
    expect(generationOf(pins.follow(OTHER_TOKEN))).toBe(1)
    expect(generationOf(pins.follow({ ...OTHER_TOKEN, consumer: 'another', reader: 'token c' }))).toBe(3)
  })

  it('begin with the newest generation where no first page was read, and stay with it', () => {
    publishAnother('Bo')
    expect(generationOf(pins.follow(USERS))).toBe(2)
    publishAnother('Cy')
    expect(generationOf(pins.follow(USERS))).toBe(2)
  })

  it('keep their generation over a restart', () => {
    pins.begin(USERS)
    publishAnother('Bo')
    pins = open()
    expect(generationOf(pins.follow(USERS))).toBe(1)
  })

  it('keep it for as long as the pages follow each other within the lifetime, and no longer', () => {
    pins.begin(USERS)
    publishAnother('Bo')
    for (let page = 0; page < 5; page += 1) {
      clock.now += HOUR - MINUTE
      expect(generationOf(pins.follow(USERS))).toBe(1)
      tidy(sql, clock.now)
    }
    pins = open()
    clock.now += HOUR - MINUTE
    expect(generationOf(pins.follow(USERS))).toBe(1)
    clock.now += HOUR + 2 * MINUTE
    expect(generationOf(pins.follow(USERS))).toBe(2)
  })

  it('keep it when the clock is set back', () => {
    pins.begin(USERS)
    clock.now -= 10 * HOUR
    publishAnother('Bo')
    expect(generationOf(pins.follow(USERS))).toBe(1)
    tidy(sql, clock.now)
    expect(generationOf(pins.follow(USERS))).toBe(1)
  })

  it('are never of what clean-up has deleted while the clock was ahead', () => {
    pins.begin(USERS)
    clock.now += 3 * HOUR
    publishAnother('Bo')
    tidy(sql, clock.now)
    clock.now -= 3 * HOUR - MINUTE / 2
    expect(generationOf(pins.follow(USERS))).toBe(2)
  })

  it('are there when a pin ends during a clean-up and lives again, the clock being set back', () => {
    pins.begin(USERS)
    publishAnother('Bo')
    let looks = 0
    // The last instant of the pin at the first look, beyond it at all others.
    const now = () => AT + HOUR + MINUTE + (looks++ === 0 ? 0 : 10)
    for (const _ of cleanUp(sql, COLLECTIONS, {
      now,
      lifetimeMs: HOUR,
      tombstoneLifetimeMs: HOUR,
      remembered: new Set(),
    }));
    clock.now = AT + HOUR
    pins = open()
    expect(generationOf(pins.follow(USERS))).toBe(1)
    expect(sql.all(`select 1 from records_users where born = 1`)).toHaveLength(1)
  })

  it('do not add up while no sync goes well and nothing is cleaned up', () => {
    for (let day = 0; day < 50; day += 1) {
      clock.now += 24 * HOUR
      for (let token = 0; token < 10; token += 1) pins.begin({ ...USERS, reader: `token ${day} ${token}` })
    }
    expect(sql.all(`select 1 from pins`).length).toBeLessThanOrEqual(20)
  })

  it('cost no write as long as nothing is published', () => {
    pins.begin(USERS)
    let writes = 0
    const watched: Sql = {
      ...sql,
      run(...call) {
        writes += 1
        return sql.run(...call)
      },
    }
    const others = openPins(watched, { now: () => clock.now, lifetimeMs: HOUR })
    others.begin(USERS)
    const before = writes
    for (let page = 0; page < 100; page += 1) others.follow(USERS)
    others.begin(USERS)
    expect(writes).toBe(before)
  })
})

describe('clean-up', () => {
  const bodies = () => sql.all<{ body: string }>(`select body from records_users order by seq`).map(({ body }) => body)
  const names = () => bodies().map((body) => /"givenName":"(\w+)"/.exec(body)?.[1])

  it('keeps what a live pin sees, and nothing between that and the current generation', () => {
    pins.begin(USERS)
    for (const name of ['Bo', 'Cy', 'Di']) publishAnother(name)
    tidy(sql, clock.now)
    expect(names()).toEqual(['Ada', 'Di'])
  })

  it('drops what was pinned when the pin has ended', () => {
    pins.begin(USERS)
    publishAnother('Bo')
    tidy(sql, clock.now + HOUR + 2 * MINUTE)
    expect(names()).toEqual(['Bo'])
    expect(sql.all(`select 1 from pins`)).toEqual([])
  })

  it('leaves no links of versions that are gone', () => {
    publish(sql, [user('stu2')], AT + HOUR)
    tidy(sql, AT + 3 * HOUR)
    expect(sql.all(`select * from links_users where seq not in (select seq from records_users)`)).toEqual([])
  })

  it('leaves what a held generation would bring back when it is taken back', () => {
    pins.begin(USERS)
    publishAnother('Bo')
    sql.run(`update records_users set died = 3 where born = 2`)
    tidy(sql, clock.now + 2 * HOUR)
    expect(names()).toEqual(['Bo'])
  })
})
