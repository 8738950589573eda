import { wrongCode } from "../../support/codes.ts";
import { HOUR } from "../service.ts";
import { attackerAt, botAddress, type Scenario, type Stage } from "../stage.ts";
import { numberOf } from "../traffic.ts";

const NUMBERS = 10_000;

/** Three guesses at a code of one number, then on to the next number, each time from another address. */
function guessAcross(perHour: number) {
  return ({ service, until }: Stage) => {
    const { simulation } = service;
    simulation.spawn(simulation.now(), async () => {
      for (let n = 0; simulation.now() < until; n += 1) {
        const phone = numberOf(1_000 + ((n % NUMBERS) % 5_000), Math.floor((n % NUMBERS) / 5_000));
        const caller = attackerAt(botAddress(n % 5_000));
        const started = await service.start(caller, phone);
        for (let tries = 0; started.sent && tries < 3; tries += 1) {
          await service.guess(caller, started.id, wrongCode(started.code));
        }
        await simulation.sleep(HOUR / perHour);
      }
    });
  };
}

export const GUESSING_ACROSS: Scenario = {
  title: "Guessing 10,000 numbers",
  attacker:
    "The attacker guesses three times at a code of one number, then goes on to the next number, from 5,000 networks: slowly, below the threshold of attack mode, or as fast as the budget allows.",
  stops:
    "Each number has its ledger. For all numbers together the spending budgets are the limit: there is no guess without a message, and the budgets of an hour and a day limit the messages.",
  left: "The expected break-ins in the table, over all numbers. The attacker has to solve every challenge, and each victim gets messages that they did not ask for.",
  attacks: [
    {
      name: "slowly",
      hours: { short: 12, long: 24 },
      inForms: ["short", "long"],
      begin: guessAcross(35),
      bounds: { hour: 50, phoneDay: 6 },
    },
    {
      name: "300 an hour",
      isSettled: true,
      hours: { short: 2, long: 24 },
      inForms: ["long"],
      begin: guessAcross(300),
      bounds: { hour: 50, phoneDay: 6 },
    },
  ],
};
