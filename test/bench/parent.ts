// Inside a measured process: its tie to the bench that forked it.

/** A bench that was killed must not leave servers behind that slow the next one down. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit(1))
}

/** Answers each message that equals `name` with what `answer` makes. */
export function answerParent(name: string, answer: () => object): void {
  process.on('message', (message) => {
    if (message === name) process.send?.(answer())
  })
}
