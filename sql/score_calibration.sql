-- One row a model, one of its versions and a tenth of the scores that it gave: what it foretold and what came true.
--
-- A score is judged once the 30 days after it have passed at $as_of, by whether its person ordered in them: has a sale
-- line (one with a positive amount) later than scored_at and no later than 30 days after. That is the outcome of
-- purchase_30_days; of churn_30_days it is that there is none. Scores of other models are not judged here: give a model
-- that foretells something else an outcome of its own below.
--
-- decile         1 to 10: tenths of the judged scores of the model and version, 10 has the highest
-- scores         judged scores in the tenth; one person may have several, given at different times
-- persons        how many persons they are of
-- score_mean     what was foretold: the mean of the scores
-- outcome_share  what came true: the share of scores with the outcome; the two are alike where a model is calibrated
-- brier_score    the mean of (score - outcome) squared, the outcome being 1 or 0: 0 is perfect, 0.25 is what saying
--                0.5 of everybody gets (Brier, Monthly Weather Review, 1950)
--
-- Means and shares have six places, rounded half up.
WITH ripe_score AS (
    SELECT
        model,
        model_version,
        key_type,
        key_value,
        scored_at,
        person_id,
        score
    FROM customer.model_scores
    WHERE person_id IS NOT NULL
        AND model IN ('purchase_30_days', 'churn_30_days')
        AND scored_at <= CAST($as_of AS TIMESTAMP) - INTERVAL '30 days'
),
sale AS (
    SELECT
        person_id,
        ts
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
        AND amount > 0
),
-- A ripe score after which the person ordered in time.
answered_score AS (
    SELECT DISTINCT
        ripe_score.model,
        ripe_score.model_version,
        ripe_score.key_type,
        ripe_score.key_value,
        ripe_score.scored_at
    FROM ripe_score
    JOIN sale
        ON sale.person_id = ripe_score.person_id
    WHERE sale.ts > ripe_score.scored_at
        AND sale.ts <= ripe_score.scored_at + INTERVAL '30 days'
),
judged_score AS (
    SELECT
        ripe_score.model,
        ripe_score.model_version,
        ripe_score.person_id,
        ripe_score.score,
        CASE
            WHEN (answered_score.model IS NOT NULL) = (ripe_score.model = 'purchase_30_days') THEN 1.0
            ELSE 0.0
        END AS outcome,
        NTILE(10) OVER (
            PARTITION BY ripe_score.model, ripe_score.model_version
            ORDER BY ripe_score.score, ripe_score.scored_at, ripe_score.key_type, ripe_score.key_value
        ) AS decile
    FROM ripe_score
    LEFT JOIN answered_score
        ON answered_score.model = ripe_score.model
        AND answered_score.model_version = ripe_score.model_version
        AND answered_score.key_type = ripe_score.key_type
        AND answered_score.key_value = ripe_score.key_value
        AND answered_score.scored_at = ripe_score.scored_at
)
SELECT
    model,
    model_version,
    CAST(decile AS INT) AS decile,
    COUNT(*) AS scores,
    COUNT(DISTINCT person_id) AS persons,
    CAST(stable_sum(score) / COUNT(*) AS DECIMAL(9, 6)) AS score_mean,
    CAST(stable_sum(outcome) / COUNT(*) AS DECIMAL(9, 6)) AS outcome_share,
    CAST(stable_sum((score - outcome) * (score - outcome)) / COUNT(*) AS DECIMAL(9, 6)) AS brier_score
FROM judged_score
GROUP BY
    model,
    model_version,
    decile
