/** A pause that can be cut short; one at a time. */
export class Pause {
  #cut: (() => void) | undefined

  /** Resolves after `ms`, or when it is cut. */
  wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#cut = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  cut(): void {
    this.#cut?.()
  }
}
