// HOT: add runs once per subscription that begins or ends.
import { type CountReport, topicOf } from '@sluice/core';

/**
 * Counts that are told together. Only a channel's newest number matters, but that it was empty in between does: webhooks
 * tell of it.
 */
export class CountBatch {
  #reports: CountReport[] = [];
  /** Where each channel's newest report is. */
  readonly #places = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#reports.length === 0;
  }

  add(report: CountReport): void {
    const topic = topicOf(report.appId, report.channel);
    const place = this.#places.get(topic);
    const earlier = place === undefined ? undefined : this.#reports[place];
    if (place !== undefined && earlier !== undefined && isOccupied(earlier) === isOccupied(report)) {
      this.#reports[place] = report;
      return;
    }
    this.#places.set(topic, this.#reports.length);
    this.#reports.push(report);
  }

  take(): readonly CountReport[] {
    const reports = this.#reports;
    this.#reports = [];
    this.#places.clear();
    return reports;
  }
}

function isOccupied({ subscriptions }: CountReport): boolean {
  return subscriptions > 0;
}
