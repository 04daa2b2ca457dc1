// Has a profile's object go back to an earlier state, and sees to it that it tells everything anew; whatever ends in between.
import type { RestoreOutcome, Restorer } from '../front/restore.ts'
import type { Log } from '../log.ts'
import type { ControlStub, ProfileStub } from './environment.ts'
import type { RestoreNote } from './restore.ts'

export interface RestorerOptions {
  /** Each answers a stub of its own: one whose object has ended is of no use any more. */
  readonly control: () => Pick<ControlStub, 'noteRestore' | 'restores' | 'endRestore'>
  readonly object: (id: string) => Omit<ProfileStub, 'fetch'>
  readonly log: Log
  /** Where `default` is reached; undefined where only a request would tell. */
  readonly origin: string | undefined
  readonly newId: () => string
}

/** An object that was just ended may be asked too early. */
const ATTEMPTS = 5

export interface WorkerRestorer extends Restorer {
  /** Goes on with what a Worker that ended has left. */
  goOn(): Promise<void>
}

export function createRestorer({ control, object, log, origin, newId }: RestorerOptions): WorkerRestorer {
  /** Fails for the reason that it is asked for. */
  const rewind = (id: string) =>
    object(id)
      .rewind()
      .catch(() => {})

  async function finish(note: RestoreNote): Promise<'restored' | 'not-made' | 'not-yet'> {
    const { id, ticket } = note
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const told = await object(id).restored(note)
      // What was told is kept by now. Whatever has begun of the earlier state begins anew.
      await rewind(id)
      if (told === 'not-yet') continue
      if (told === 'not-made') return told
      await object(id).wake(id, origin)
      await control().endRestore(id, ticket)
      return told
    }
    return 'not-yet'
  }

  /** Before it was made there is nothing to be served. */
  async function takeBack({ id, undo, servedMs }: RestoreNote): Promise<void> {
    if (undo === undefined) return
    const note = { id, ticket: newId(), servedMs, undo }
    await control().noteRestore(note)
    await object(id).goBack(undo, note.ticket)
    await rewind(id)
    await finish(note)
    log.warn('profile-restore-undone', { profile: id })
  }

  return {
    async restore(id, target): Promise<RestoreOutcome> {
      const point = await object(id).restorePoint(target)
      if (!point.ok) return { ok: false, message: point.message }
      const noted: RestoreNote = { id, ticket: newId(), servedMs: point.servedMs, undo: undefined }
      await control().noteRestore(noted)
      const gone = await object(id).goBack(point.bookmark, noted.ticket)
      if (!gone.ok) {
        await control().endRestore(id, noted.ticket)
        return { ok: false, message: gone.message }
      }
      const note = { ...noted, undo: gone.undo }
      // The one way back, should the answer get lost.
      log.warn('profile-restored', { profile: id, undo: note.undo })
      try {
        await control().noteRestore(note)
        await rewind(id)
        const told = await finish(note)
        if (told !== 'not-made') return { ok: true, bookmark: note.undo, isDone: told === 'restored' }
        await takeBack(note)
        return { ok: false, message: 'Nothing of the profile was there at that time. It is as it was before.' }
      } catch (error) {
        log.error('profile-restore-unfinished', { profile: id, message: String(error) })
        return { ok: true, bookmark: note.undo, isDone: false }
      }
    },
    async goOn() {
      for (const note of await control().restores()) {
        try {
          if ((await finish(note)) === 'not-made') await takeBack(note)
        } catch (error) {
          log.error('profile-restore-unfinished', { profile: note.id, message: String(error) })
        }
      }
    },
  }
}
