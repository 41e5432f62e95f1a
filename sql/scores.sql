-- One row a person and a model that scored them: what it said last.
--
-- A pure function of the person's own rows of customer.model_scores. The newest score wins, whichever of the person's
-- accounts or cards was scored; of scores at one instant that of the greatest version wins, then the greatest.
--
-- score      the chance that what the model is named for comes true, from 0 to 1, as the model gave it
-- scored_at  as of when
WITH placed_score AS (
    SELECT
        person_id,
        model,
        model_version,
        score,
        scored_at,
        ROW_NUMBER() OVER (
            PARTITION BY person_id, model
            ORDER BY scored_at DESC, model_version DESC, score DESC
        ) AS place
    FROM customer.model_scores
    WHERE person_id IS NOT NULL
        AND scored_at <= CAST($as_of AS TIMESTAMP)
)
SELECT
    person_id,
    model,
    model_version,
    score,
    scored_at
FROM placed_score
WHERE place = 1
