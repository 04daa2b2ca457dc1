// In which order test files run: those that take long first, so that none is left alone with one core in the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Whole lives, real processes and chance. */
const LONG = /\/histories\/|\/e2e\/|histories\.test|lives\.test|process\.test|fuzz\.test/

const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)

// A class, because Vitest makes it.
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const byProject = Map.groupBy(sorted, ({ project }) => project.name)
    return [...byProject.values()].flatMap((own) => [...own.filter(isLong), ...own.filter((file) => !isLong(file))])
  }
}
