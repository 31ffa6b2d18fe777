BEGIN TRANSACTION;
CREATE TABLE actions (
	proposal_hash VARCHAR(64) NOT NULL, 
	attempt INTEGER NOT NULL, 
	incident_id VARCHAR(255) NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	action VARCHAR(63) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	summary TEXT NOT NULL, 
	seconds FLOAT NOT NULL, 
	output JSON NOT NULL, 
	snapshot JSON NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_actions PRIMARY KEY (proposal_hash, attempt)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE approvals (
	sequence BIGINT NOT NULL, 
	proposal_hash VARCHAR(128) NOT NULL, 
	answer VARCHAR(16) NOT NULL, 
	"by" VARCHAR(255) NOT NULL, 
	at DATETIME NOT NULL, 
	channel VARCHAR(16) NOT NULL, 
	comment TEXT NOT NULL, 
	refused_because TEXT NOT NULL, 
	CONSTRAINT pk_approvals PRIMARY KEY (sequence)
);
INSERT INTO "approvals" VALUES(3,'82966a4dca8d138b5056bf51e384edd3bfd7c7a1d39066a5489bf1a9c521b9eb','approve','ada','2026-03-01 12:00:00.000000','airflow','','');
CREATE TABLE audit (
	sequence BIGINT NOT NULL, 
	at VARCHAR(40) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	subject TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	previous_hash VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (sequence)
);
INSERT INTO "audit" VALUES(1,'2026-11-30T01:07:56.068466+00:00','batch','churn__20260201T0000_20260202T0000','{"as_of":"2026-02-02T00:00:00Z","model":"churn","model_version":"1","rows":100,"window":{"end":"2026-02-02T00:00:00Z","start":"2026-02-01T00:00:00Z"}}','0000000000000000000000000000000000000000000000000000000000000000','de478f18e83d4cdc5565769fac8ba4e7bb7e6ae19ec681be8efb0b6d9b1ed908');
INSERT INTO "audit" VALUES(2,'2026-11-30T01:07:56.104443+00:00','proposal','82966a4dca8d138b5056bf51e384edd3bfd7c7a1d39066a5489bf1a9c521b9eb','{"action":"retrain","created_at":"2026-03-01T12:00:00Z","expected":"+0.05","expires_at":"2026-03-01T13:00:00Z","incident_id":"churn__1","model":"churn","params":{"trials":5},"permission":"ask","reason":"because"}','de478f18e83d4cdc5565769fac8ba4e7bb7e6ae19ec681be8efb0b6d9b1ed908','884241d7fd2a337b0d5dbfc19f622447a8114127167a0536814397e4105b5b73');
INSERT INTO "audit" VALUES(3,'2026-11-30T01:07:56.137046+00:00','approval','82966a4dca8d138b5056bf51e384edd3bfd7c7a1d39066a5489bf1a9c521b9eb','{"answer":"approve","at":"2026-03-01T12:00:00Z","by":"ada","channel":"airflow","comment":"","proposal_hash":"82966a4dca8d138b5056bf51e384edd3bfd7c7a1d39066a5489bf1a9c521b9eb","refused_because":""}','884241d7fd2a337b0d5dbfc19f622447a8114127167a0536814397e4105b5b73','bab7866c8b4a9ee1e3d7fd1098ad978185308c044a4380da09a6a9f5d142a01f');
CREATE TABLE audit_head (
	id INTEGER NOT NULL, 
	sequence BIGINT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_head PRIMARY KEY (id)
);
INSERT INTO "audit_head" VALUES(1,3,'bab7866c8b4a9ee1e3d7fd1098ad978185308c044a4380da09a6a9f5d142a01f');
CREATE TABLE batches (
	id VARCHAR(255) NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	window_start DATETIME NOT NULL, 
	window_end DATETIME NOT NULL, 
	as_of DATETIME NOT NULL, 
	rows BIGINT NOT NULL, 
	model_version VARCHAR(63), 
	outcome VARCHAR(16), 
	cause VARCHAR(40), 
	assessment JSON, 
	profile_path TEXT, 
	CONSTRAINT pk_batches PRIMARY KEY (id)
);
INSERT INTO "batches" VALUES('churn__20260201T0000_20260202T0000','churn','2026-02-01 00:00:00.000000','2026-02-02 00:00:00.000000','2026-02-02 00:00:00.000000',100,'1',NULL,NULL,NULL,NULL);
CREATE TABLE data_quality (
	batch_id VARCHAR(255) NOT NULL, 
	check_group VARCHAR(16) NOT NULL, 
	position INTEGER NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	model_version VARCHAR(63), 
	check_name VARCHAR(63) NOT NULL, 
	subject TEXT NOT NULL, 
	statistic VARCHAR(63) NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	value FLOAT, 
	baseline FLOAT, 
	threshold FLOAT, 
	record JSON NOT NULL, 
	CONSTRAINT pk_data_quality PRIMARY KEY (batch_id, check_group, position)
);
CREATE TABLE decisions (
	sequence BIGINT NOT NULL, 
	incident_id VARCHAR(255) NOT NULL, 
	path VARCHAR(32) NOT NULL, 
	proposal_hash VARCHAR(64), 
	reason TEXT NOT NULL, 
	skipped JSON NOT NULL, 
	details JSON NOT NULL, 
	decided_at DATETIME NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (sequence)
);
CREATE TABLE diagnoses (
	incident_id VARCHAR(255) NOT NULL, 
	engine VARCHAR(120) NOT NULL, 
	cause VARCHAR(40) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	stands INTEGER NOT NULL, 
	record JSON NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	CONSTRAINT pk_diagnoses PRIMARY KEY (incident_id, engine)
);
CREATE TABLE evidence (
	incident_id VARCHAR(255) NOT NULL, 
	packet_hash VARCHAR(64) NOT NULL, 
	packet JSON NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	CONSTRAINT pk_evidence PRIMARY KEY (incident_id)
);
CREATE TABLE incidents (
	id VARCHAR(255) NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	severity VARCHAR(16) NOT NULL, 
	cause VARCHAR(40) NOT NULL, 
	headline TEXT NOT NULL, 
	fingerprint VARCHAR(255) NOT NULL, 
	window_start DATETIME NOT NULL, 
	window_end DATETIME NOT NULL, 
	as_of DATETIME NOT NULL, 
	batch_ids JSON NOT NULL, 
	opened_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	resolution JSON NOT NULL, 
	mlflow_run_id VARCHAR(64), 
	CONSTRAINT pk_incidents PRIMARY KEY (id)
);
CREATE TABLE language_model_calls (
	sequence BIGINT NOT NULL, 
	incident_id VARCHAR(255) NOT NULL, 
	engine VARCHAR(120) NOT NULL, 
	asked_at DATETIME NOT NULL, 
	question_hash VARCHAR(64) NOT NULL, 
	outcome VARCHAR(32) NOT NULL, 
	stop_reason VARCHAR(63) NOT NULL, 
	input_tokens INTEGER NOT NULL, 
	output_tokens INTEGER NOT NULL, 
	usd FLOAT NOT NULL, 
	seconds FLOAT NOT NULL, 
	manifest JSON NOT NULL, 
	reply TEXT NOT NULL, 
	CONSTRAINT pk_language_model_calls PRIMARY KEY (sequence)
);
CREATE TABLE locks (
	name VARCHAR(255) NOT NULL, 
	holder VARCHAR(64) NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_locks PRIMARY KEY (name)
);
CREATE TABLE model_metrics (
	batch_id VARCHAR(255) NOT NULL, 
	check_group VARCHAR(16) NOT NULL, 
	position INTEGER NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	model_version VARCHAR(63), 
	check_name VARCHAR(63) NOT NULL, 
	subject TEXT NOT NULL, 
	statistic VARCHAR(63) NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	value FLOAT, 
	baseline FLOAT, 
	threshold FLOAT, 
	record JSON NOT NULL, 
	CONSTRAINT pk_model_metrics PRIMARY KEY (batch_id, check_group, position)
);
CREATE TABLE overrides (
	sequence BIGINT NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	"key" TEXT NOT NULL, 
	value JSON NOT NULL, 
	author VARCHAR(255) NOT NULL, 
	reason TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	revoked_at DATETIME, 
	revoked_by VARCHAR(255), 
	CONSTRAINT pk_overrides PRIMARY KEY (sequence)
);
CREATE TABLE promotions (
	sequence BIGINT NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	from_version VARCHAR(63), 
	to_version VARCHAR(63) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	at DATETIME NOT NULL, 
	"by" VARCHAR(255) NOT NULL, 
	proposal_hash VARCHAR(64), 
	seconds FLOAT, 
	CONSTRAINT pk_promotions PRIMARY KEY (sequence)
);
CREATE TABLE proposals (
	hash VARCHAR(64) NOT NULL, 
	incident_id VARCHAR(255) NOT NULL, 
	model VARCHAR(63) NOT NULL, 
	action VARCHAR(63) NOT NULL, 
	permission VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	record JSON NOT NULL, 
	CONSTRAINT pk_proposals PRIMARY KEY (hash)
);
INSERT INTO "proposals" VALUES('82966a4dca8d138b5056bf51e384edd3bfd7c7a1d39066a5489bf1a9c521b9eb','churn__1','churn','retrain','ask','2026-03-01 12:00:00.000000','2026-03-01 13:00:00.000000','{"incident_id": "churn__1", "model": "churn", "action": "retrain", "params": {"trials": 5}, "expected": "+0.05", "permission": "ask", "reason": "because", "created_at": "2026-03-01T12:00:00Z", "expires_at": "2026-03-01T13:00:00Z"}');
CREATE INDEX ix_actions_incident_id ON actions (incident_id);
CREATE INDEX ix_actions_model_started_at ON actions (model, started_at);
CREATE INDEX ix_approvals_proposal_hash ON approvals (proposal_hash);
CREATE INDEX ix_batches_model_window_start ON batches (model, window_start);
CREATE INDEX ix_data_quality_model_check_name ON data_quality (model, check_name);
CREATE INDEX ix_decisions_incident_id ON decisions (incident_id);
CREATE INDEX ix_incidents_model_opened_at ON incidents (model, opened_at);
CREATE INDEX ix_model_metrics_model_check_name ON model_metrics (model, check_name);
CREATE INDEX ix_overrides_model_kind ON overrides (model, kind);
CREATE INDEX ix_promotions_model_at ON promotions (model, at);
CREATE INDEX ix_proposals_incident_id_action ON proposals (incident_id, action);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER approvals_no_update BEFORE UPDATE ON approvals BEGIN SELECT RAISE(ABORT, 'approvals is append-only'); END;
CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals BEGIN SELECT RAISE(ABORT, 'approvals is append-only'); END;
CREATE TRIGGER promotions_no_update BEFORE UPDATE ON promotions BEGIN SELECT RAISE(ABORT, 'promotions is append-only'); END;
CREATE TRIGGER promotions_no_delete BEFORE DELETE ON promotions BEGIN SELECT RAISE(ABORT, 'promotions is append-only'); END;
CREATE INDEX ix_language_model_calls_incident_id ON language_model_calls (incident_id);
CREATE INDEX ix_language_model_calls_asked_at ON language_model_calls (asked_at);
CREATE INDEX ix_language_model_calls_question_hash ON language_model_calls (question_hash);
COMMIT;
