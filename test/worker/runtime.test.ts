// What an object of the worker is called back for, over its one alarm.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createAgenda } from '../../src/worker/agenda.ts'
import { createWorkerRuntime } from '../../src/worker/runtime.ts'

const MINUTE_MS = 60_000

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-18T18:00:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

function openObject() {
  let alarmMs: number | undefined
  const storage = {
    sql: { exec: () => ({ toArray: () => [] }), databaseSize: 0 },
    transactionSync: <T>(work: () => T) => work(),
    get: async () => undefined,
    put: async () => {},
    setAlarm: async (ms: number) => {
      alarmMs = ms
    },
    deleteAlarm: async () => {},
    deleteAll: async () => {},
  }
  const agenda = createAgenda(storage, { now: Date.now, log: silentLog })
  const sealingKey = new Uint8Array(32)
  const runtime = createWorkerRuntime({ storage, agenda, log: silentLog, sealingKey, stepRequests: undefined })
  return {
    agenda,
    runtime,
    alarmMs: () => alarmMs,
    forgetAlarm: () => {
      alarmMs = undefined
    },
  }
}

describe('what an object is called back for', () => {
  it('comes while an alarm works, which no other alarm can interrupt', async () => {
    const { agenda, runtime } = openObject()
    let isWaiting = true
    runtime.launch(async () => {
      await new Promise<void>((resolve) => void runtime.after(MINUTE_MS, resolve))
      isWaiting = false
    })
    const alarm = agenda.run()
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    expect(isWaiting).toBe(false)
    await alarm
  })

  it('comes once, by the timer or by the alarm', async () => {
    const { agenda, runtime, alarmMs } = openObject()
    let calls = 0
    runtime.after(MINUTE_MS, () => {
      calls += 1
    })
    expect(alarmMs()).toBe(Date.now() + MINUTE_MS)
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    await agenda.run()
    expect(calls).toBe(1)
  })

  it('does not come when it was cancelled', async () => {
    const { agenda, runtime } = openObject()
    let calls = 0
    const cancel = runtime.after(MINUTE_MS, () => {
      calls += 1
    })
    cancel()
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS)
    await agenda.run()
    expect(calls).toBe(0)
  })

  it('of tomorrow keeps no timer, which would keep the object awake', () => {
    const { runtime, alarmMs } = openObject()
    runtime.after(24 * 60 * MINUTE_MS, () => {})
    expect(vi.getTimerCount()).toBe(0)
    expect(alarmMs()).toBe(Date.now() + 24 * 60 * MINUTE_MS)
  })
})

describe('the agenda', () => {
  it('has its alarm set anew after the platform has forgotten it', () => {
    const { agenda, runtime, alarmMs, forgetAlarm } = openObject()
    runtime.launch(async () => {})
    forgetAlarm()
    agenda.setAlarm()
    expect(alarmMs()).toBe(Date.now())
  })
})
