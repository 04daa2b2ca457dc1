// What the object of a profile does to go back to an earlier state of its storage.
import { DurableObject } from 'cloudflare:workers'
import { openDurableSqlite } from '../store/durable-sqlite.ts'
import type { Environment } from './environment.ts'
import { goBack, noteRestored, type RestoreNote, type RestoreTarget, restorePoint } from './restore.ts'

/** Nothing of the profile needs to be loaded for it, nor to be right. */
export class RestorableObject extends DurableObject<Environment> {
  restorePoint(target: RestoreTarget) {
    return restorePoint(this.ctx.storage, openDurableSqlite(this.ctx.storage), target)
  }

  goBack(bookmark: string, ticket: string) {
    return goBack(this.ctx.storage, bookmark, ticket)
  }

  rewind(): void {
    this.ctx.abort('It goes back to an earlier state.')
  }

  restored(note: RestoreNote) {
    return noteRestored(this.ctx.storage, openDurableSqlite(this.ctx.storage), note)
  }
}
