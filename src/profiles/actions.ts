// What the admin API does to a profile.
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { listConsumers, removeConsumer } from '../store/consumers.ts'
import { saveProfile } from '../store/profile.ts'
import type { Sql } from '../store/sql.ts'
import { supersedeHeld } from '../store/supersede.ts'
import { askAnew } from './anew.ts'
import type { Read } from './body.ts'
import { factsOf, stateOf } from './facts.ts'
import type { Life } from './life.ts'
import { DEFAULT_PROFILE, type ProfileBridge } from './ports.ts'
import type { ProfileFacts } from './present.ts'
import type { ChangeOptions } from './read-change.ts'
import { UNTOLD } from './untold.ts'

/** Each answers at once; what takes longer goes on by itself. */
export interface HostActions {
  /** Undefined until it was made. */
  facts(): Promise<ProfileFacts | undefined>
  bridge(): ProfileBridge | undefined
  create(body: unknown): Promise<Read<undefined>>
  change(body: unknown): Promise<Read<undefined>>
  pause(): void
  /** Also tries again what failed to be provisioned. */
  resume(): void
  reset(): void
  remove(): void
}

export interface ActionsOptions {
  readonly id: string
  readonly life: Life
  /** The environment's. */
  readonly config: Config
  readonly sql: Sql
  readonly now: () => number
  readonly log: Log
  /** What bodies are read with; asked for when there is one. */
  readonly reading: () => Promise<ChangeOptions>
  /** Told when its first roster is not to be expected soon. */
  readonly onSetback: () => void
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : 'unknown')

export function hostActions({ id, life, config, sql, now, log, reading, onSetback }: ActionsOptions): HostActions {
  const { find, save, live, restart } = life
  let creating: Promise<Read<undefined>> | undefined
  /** One at a time, so that none is made of what another has replaced meanwhile. */
  let changes: Promise<unknown> = Promise.resolve()

  async function createNow(body: unknown): Promise<Read<undefined>> {
    const [{ readRecord }, options] = await Promise.all([import('./read-change.ts'), reading()])
    const read = await readRecord(body, id, options)
    if (!read.ok) return read
    saveProfile(sql, read.value)
    await life.open(read.value)
    log.info('profile-created')
    restart({ isDue: true })
    return { ok: true, value: undefined }
  }

  async function changeNow(body: unknown): Promise<Read<undefined>> {
    const [{ readChange }, options] = await Promise.all([import('./read-change.ts'), reading()])
    const read = await readChange(body, find() ?? UNTOLD, options)
    if (!read.ok) return read
    const present = find() ?? UNTOLD
    if (present.state === 'deleting') return { ok: false, messages: ['The profile is being deleted.'] }
    sql.transaction(() => {
      save(present, { ...read.value, problem: undefined, tries: 0, changedMs: now() })
      supersedeHeld(sql)
    })
    log.info('profile-changed')
    restart({ isDue: true })
    return { ok: true, value: undefined }
  }

  return {
    bridge: () => live()?.bridge,
    async facts() {
      // Its fault is one of them. Where that cannot be found out now, a person must be able to stop the profile all the same.
      await live()
        ?.learn()
        .catch((error: unknown) => log.error('mapping-not-loaded', { message: textOf(error) }))
      const record = find()
      if (record === undefined || (id === DEFAULT_PROFILE && config.powerSchool === undefined)) return undefined
      return factsOf(record, { config, fault: live()?.fault(), nowMs: now() })
    },
    create(body) {
      // Of two who ask at once, the second is told what became of the first's.
      creating ??= createNow(body).finally(() => {
        creating = undefined
      })
      return creating
    },
    change(body) {
      const changed = changes.then(() => changeNow(body))
      changes = changed.catch(() => {})
      return changed
    },
    pause() {
      const record = find()
      if (record === undefined || record.isPaused) return
      save(record, { isPaused: true })
      log.info('profile-paused')
      restart({ isDue: false })
      onSetback()
    },
    resume() {
      const record = find()
      if (record === undefined) return
      const isTriedAgain = stateOf(record, live()?.fault()) === 'provisioningFailed'
      if (!record.isPaused && !isTriedAgain) return
      const again = isTriedAgain && id !== DEFAULT_PROFILE ? ({ state: 'provisioning', tries: 0 } as const) : {}
      save(record, { isPaused: false, ...again })
      log.info('profile-resumed')
      restart({ isDue: true })
    },
    reset() {
      const record = find()
      if (record === undefined) return
      const isTriedAgain = record.state === 'provisioningFailed'
      sql.transaction(() => {
        if (isTriedAgain) save(record, { state: 'provisioning', tries: 0 })
        askAnew(sql)
        supersedeHeld(sql)
      })
      log.info('profile-reset')
      restart({ isDue: true })
    },
    remove() {
      const record = find()
      if (record === undefined || record.state === 'deleting') return
      sql.transaction(() => {
        save(record, { state: 'deleting', changedMs: now() })
        // From now on they are as unknown as if they had never been.
        for (const consumer of listConsumers(sql)) removeConsumer(sql, consumer.id)
      })
      log.info('profile-deleting')
      life.remove()
    },
  }
}
