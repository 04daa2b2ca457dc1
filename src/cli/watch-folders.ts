// Watches folders, for editors replace files by others of the same name, which a watched file would not show.
import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** An editor saves in several steps, and a checkout changes many files. */
const QUIET_MS = 80

interface Watched {
  readonly watcher: FSWatcher
  /** Which folder it is: one that is removed and made again is another. */
  readonly inode: number | undefined
}

/**
 * Calls `look` now, and once after each burst of changes in the folders that it answered last. A folder that is not there is
 * waited for.
 */
export function watchFolders(look: () => readonly string[]): { close(): void } {
  const watched = new Map<string, Watched>()
  let timer: NodeJS.Timeout | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(lookAgain, QUIET_MS)
  }
  const forget = (folder: string) => {
    watched.get(folder)?.watcher.close()
    watched.delete(folder)
  }
  const watchOne = (folder: string) => {
    const watcher = watch(folder, soon).on('error', () => {
      forget(folder)
      soon()
    })
    watched.set(folder, { watcher, inode: inodeOf(folder) })
  }
  const lookAgain = () => {
    const wanted = new Set(look().map(nearest))
    for (const [folder, { inode }] of watched) {
      if (!wanted.has(folder) || inodeOf(folder) !== inode) forget(folder)
    }
    const added = [...wanted].filter((folder) => !watched.has(folder))
    for (const folder of added) watchOne(folder)
    // What changed between the look and the watch.
    if (added.length > 0) soon()
  }
  lookAgain()
  return {
    close() {
      clearTimeout(timer)
      for (const folder of [...watched.keys()]) forget(folder)
    },
  }
}

const inodeOf = (folder: string) => statSync(folder, { throwIfNoEntry: false })?.ino

/** The folder, or the nearest above it that is there. */
function nearest(folder: string): string {
  const path = resolve(folder)
  const isThere = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return isThere || dirname(path) === path ? path : nearest(dirname(path))
}
