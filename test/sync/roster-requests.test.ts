// Requests for rosters that are not built: one build at a time, never beside a sync, none after a stop.
import { describe, expect, it } from 'vitest'
import type { Narrowing } from '../../src/store/rosters.ts'
import { createRosterRequests } from '../../src/sync/roster-requests.ts'

const of = (school: string): Narrowing => ({ schools: [school], contacts: true })

function openRequests() {
  const begun: string[] = []
  const ends: ((error?: Error) => void)[] = []
  const logged: string[] = []
  const state = { isSyncing: false, syncing: Promise.resolve(), stopped: () => false }
  const timers: (() => void)[] = []
  const note = (event: string) => void logged.push(event)
  const requests = createRosterRequests({
    build: ({ schools }, signal) => {
      begun.push(schools?.join() ?? '')
      state.stopped = () => signal.aborted
      return new Promise((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve() : reject(error)))
      })
    },
    isSyncing: () => state.isSyncing,
    instead: (work) => work(),
    whenIdle: () => state.syncing,
    after: (_ms, call) => {
      timers.push(call)
      return () => {}
    },
    log: { debug: note, info: note, warn: note, error: note },
  })
  /** Lets what waits go on. */
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const end = async (error?: Error) => {
    ends.shift()?.(error)
    await turn()
  }
  return { requests, begun, logged, state, timers, turn, end }
}

describe('a request for a roster', () => {
  it('has it built once, however often it is asked for meanwhile', async () => {
    const { requests, begun, turn, end } = openRequests()
    for (let nth = 0; nth < 5; nth += 1) void requests.request(of('100'))
    await turn()
    void requests.request(of('100'))
    expect(begun).toEqual(['100'])
    await end()
    void requests.request(of('100'))
    await turn()
    expect(begun).toEqual(['100', '100'])
  })

  it('waits for the build of another roster', async () => {
    const { requests, begun, turn, end } = openRequests()
    void requests.request(of('100'))
    void requests.request(of('200'))
    await turn()
    expect(begun).toEqual(['100'])
    await end()
    expect(begun).toEqual(['100', '200'])
  })

  it('waits until the sync that runs has ended', async () => {
    const { requests, begun, state, turn } = openRequests()
    let endSync = () => {}
    state.isSyncing = true
    state.syncing = new Promise((resolve) => {
      endSync = resolve
    })
    void requests.request(of('100'))
    await turn()
    expect(begun).toEqual([])
    state.isSyncing = false
    endSync()
    await turn()
    expect(begun).toEqual(['100'])
  })

  it('that waits for a sync does not keep that sync from beginning', async () => {
    const { requests, begun, state, turn, end } = openRequests()
    let endSync = () => {}
    void requests.request(of('100'))
    void requests.request(of('200'))
    await turn()
    // As a sync does that begins while 100 is built and 200 waits for its turn.
    state.isSyncing = true
    state.syncing = new Promise((resolve) => {
      endSync = resolve
    })
    let hasBegun = false
    void requests.settled().then(() => {
      hasBegun = true
    })
    await end()
    expect([hasBegun, begun]).toEqual([true, ['100']])
    state.isSyncing = false
    endSync()
    await turn()
    expect(begun).toEqual(['100', '200'])
  })

  it('resolves when the build has ended, for everybody who asked', async () => {
    const { requests, turn, end } = openRequests()
    const resolved: string[] = []
    for (const name of ['one', 'two']) void requests.request(of('100')).then(() => resolved.push(name))
    await turn()
    expect(resolved).toEqual([])
    await end()
    expect(resolved).toEqual(['one', 'two'])
  })

  it('does not keep a consumer waiting for ever; the build goes on', async () => {
    const { requests, begun, timers, turn, end } = openRequests()
    let isResolved = false
    void requests.request(of('100')).then(() => {
      isResolved = true
    })
    await turn()
    timers[0]?.()
    await turn()
    expect([isResolved, begun]).toEqual([true, ['100']])
    void requests.request(of('100'))
    await end()
    expect(begun).toEqual(['100'])
  })

  it('that fails is logged, and may be made again', async () => {
    const { requests, begun, logged, turn, end } = openRequests()
    void requests.request(of('100'))
    await turn()
    await end(new Error('the disk'))
    expect(logged).toEqual(['roster-failed'])
    void requests.request(of('100'))
    await turn()
    expect(begun).toEqual(['100', '100'])
  })

  it('is settled when its build has ended', async () => {
    const { requests, turn, end } = openRequests()
    let isSettled = false
    void requests.request(of('100'))
    await turn()
    void requests.settled().then(() => {
      isSettled = true
    })
    await turn()
    expect(isSettled).toBe(false)
    await end()
    expect(isSettled).toBe(true)
  })

  it('after a stop begins nothing, and the stop waits for what has begun', async () => {
    const { requests, begun, state, turn, end } = openRequests()
    void requests.request(of('100'))
    void requests.request(of('200'))
    await turn()
    let isStopped = false
    void requests.stop().then(() => {
      isStopped = true
    })
    await turn()
    expect([state.stopped(), isStopped]).toEqual([true, false])
    await end()
    void requests.request(of('300'))
    await turn()
    expect([isStopped, begun]).toEqual([true, ['100']])
  })
})
