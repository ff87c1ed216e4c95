/** The two things an event may do to a balance. */
export const EVENT_NAMES = ['add_revenue', 'subtract_revenue'] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** What a client sends, after the codec has proved every rule of it. */
export interface RevenueEvent {
  /** The sender's idempotency key: 1 to 128 code points. */
  readonly id?: string;
  /** 1 to 255 code points that PostgreSQL can store. */
  readonly userId: string;
  readonly name: EventName;
  /** 0 to 999999999999999, at most 15 significant digits and 6 decimals. */
  readonly value: number;
}

export const USER_ID_CODE_POINTS_MAX = 255;
export const EVENT_ID_CODE_POINTS_MAX = 128;
export const VALUE_MAX = 999_999_999_999_999;
export const VALUE_SIGNIFICANT_DIGITS_MAX = 15;
export const VALUE_DECIMALS_MAX = 6;
