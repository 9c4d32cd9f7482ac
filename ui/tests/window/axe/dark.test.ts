import { statesHaveNoFinding } from "./findings";

statesHaveNoFinding("dark");
