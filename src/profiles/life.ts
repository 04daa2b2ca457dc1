// The life of a profile: what serves and syncs it, made anew when its settings change; and what goes on by itself.
import { findProfile, type ProfileRecord, saveProfile } from '../store/profile.ts'
import { readAnewIfAsked } from './anew.ts'
import { createExpiryWatch } from './expiry-watch.ts'
import { maySync } from './facts.ts'
import { type Live, type LiveOptions, openLive } from './live.ts'
import { DEFAULT_PROFILE, type HostRuntime, type ProfileHostOptions } from './ports.ts'
import { provision, waitBeforeTry } from './provision.ts'
import { createTurns } from './turns.ts'
import { UNTOLD } from './untold.ts'

export interface Life {
  /** What is stored of it; undefined until it was made. */
  find(): ProfileRecord | undefined
  save(record: ProfileRecord, change: Partial<ProfileRecord>): void
  live(): Live | undefined
  /** Makes what serves it, of a record that was just stored. */
  open(record: ProfileRecord): Promise<void>
  /** Ends what runs at once, and makes what serves anew where a request has time for that. `isDue`: a sync is to follow. */
  restart(how: { readonly isDue: boolean }): void
  /** The same for ever, and then removes it. */
  remove(): void
  /** Goes on with what was under way. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface LifeOptions {
  readonly id: string
  readonly live: LiveOptions
  readonly onDeleted: ProfileHostOptions['onDeleted'] | undefined
  /** Told when it could not be provisioned. */
  readonly onSetback: () => void
  readonly launch: HostRuntime['launch']
}

/** Over a prepared store. Refuses as `openLive`. */
export async function openLife({ id, onDeleted, onSetback, launch, ...options }: LifeOptions): Promise<Life> {
  const { runtime } = options.live
  const { sql, log, now, after } = runtime
  const find = () => findProfile(sql) ?? (id === DEFAULT_PROFILE ? UNTOLD : undefined)
  const save: Life['save'] = (record, change) =>
    saveProfile(sql, { ...record, createdMs: record.createdMs || now(), ...change })
  const turns = createTurns({ launch, after, log })
  const expiry = createExpiryWatch({
    now,
    after,
    find,
    onExpired() {
      log.warn('profile-expired')
      restart({ isDue: false })
    },
  })
  const first = find()
  let live = first && (await openLive(first, options.live))
  let isStopped = false
  /** It goes on from where it stands, or will: by `start`, or by what was asked for before that. */
  let hasBegun = false
  let interruptions = 0
  let checking = new AbortController()

  function stopWaiting(): void {
    checking.abort()
    turns.cancel()
    expiry.cancel()
  }

  function interrupt(): void {
    stopWaiting()
    // Its end is waited for in the next turn.
    void live?.bridge.schedule.stop()
    hasBegun = true
    interruptions += 1
  }

  function restart({ isDue }: { readonly isDue: boolean }): void {
    interrupt()
    turns.launch(() => startAnew(isDue))
  }

  async function startAnew(isDue: boolean): Promise<void> {
    await live?.bridge.schedule.stop()
    const record = find()
    if (isStopped || record === undefined || record.state === 'deleting') return
    const before = interruptions
    live = await openLive(record, options.live)
    // Somebody has changed it meanwhile, and has put down a turn that makes it anew.
    if (interruptions !== before) return
    readAnewIfAsked(sql, live?.server, log)
    await goOn(isDue)
  }

  /** From where the profile stands. */
  async function goOn(isDue: boolean): Promise<void> {
    const record = find()
    if (isStopped || record === undefined || live === undefined) return
    if (record.state === 'deleting') return removeAll()
    expiry.watch()
    if (record.state === 'provisioning') return provisionNow(record, live)
    if (!maySync(record, live.fault(), now())) return
    const before = interruptions
    await live.learn()
    // Where the mapping had to be loaded, somebody may have changed the profile meanwhile, who goes on with it.
    if (interruptions !== before || isStopped || !maySync(record, live.fault(), now())) return
    const { schedule } = live.bridge
    schedule.start()
    if (isDue) schedule.request('whole')
  }

  async function provisionNow(record: ProfileRecord, { check }: Live): Promise<void> {
    checking = new AbortController()
    const { signal } = checking
    const outcome = await provision(record, { check, signal, save: (change) => save(record, change), sql, now, log })
    if (isStopped) return
    if (outcome.kind === 'provisioned') return goOn(true)
    onSetback()
    if (outcome.kind === 'later') turns.launchIn(outcome.ms, () => goOn(false))
  }

  /** What is left half done is gone on with by the next turn, or the next start. */
  async function removeAll(): Promise<void> {
    await live?.bridge.schedule.stop()
    await onDeleted?.()
    log.info('profile-deleted')
  }

  return {
    find,
    save,
    live: () => live,
    async open(record) {
      live = await openLive(record, options.live)
    },
    restart,
    remove() {
      interrupt()
      turns.launch(removeAll)
    },
    async start() {
      if (hasBegun) return
      hasBegun = true
      // It may have been asked for before the process ended.
      const begin = async () => goOn(readAnewIfAsked(sql, live?.server, log))
      const record = find()
      const waitMs = waitBeforeTry(sql, record, now())
      // What may take long goes on by itself.
      if (waitMs > 0) turns.launchIn(waitMs, begin)
      else if (record?.state === 'provisioned' && live?.isKnown() !== false) await turns.take(begin)
      else turns.launch(begin)
    },
    async stop() {
      isStopped = true
      stopWaiting()
      await live?.bridge.schedule.stop()
      await turns.end()
      await live?.bridge.schedule.stop()
    },
  }
}
