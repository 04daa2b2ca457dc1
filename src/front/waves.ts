// Asks many profiles, not all at the same moment: each wakes up for it, and a Worker has few connections.

const WAVE = 50

/** The answers in the order of the ids. */
export async function inWaves<T>(ids: readonly string[], ask: (id: string) => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  for (let from = 0; from < ids.length; from += WAVE) {
    answers.push(...(await Promise.all(ids.slice(from, from + WAVE).map(ask))))
  }
  return answers
}
