"""The values that the methods of ReadModelStack return, report and take, by name.

Each is imported from its module when the name is used, so that a command imports what it needs.
"""

TYPE_CHECKING = False  # importing typing takes time

if TYPE_CHECKING:
    from readmodel_cfn.aws.alarms import AlarmState as AlarmState
    from readmodel_cfn.aws.http import Response as Response
    from readmodel_cfn.deploy.all_status import AllStatus as AllStatus
    from readmodel_cfn.deploy.all_status import EnvironmentStatus as EnvironmentStatus
    from readmodel_cfn.deploy.delete import DeleteResult as DeleteResult
    from readmodel_cfn.deploy.deletion_plan import DeletionPlan as DeletionPlan
    from readmodel_cfn.deploy.deploy import DeployResult as DeployResult
    from readmodel_cfn.deploy.diagnosis import Diagnosis as Diagnosis
    from readmodel_cfn.deploy.events import EventStream as EventStream
    from readmodel_cfn.deploy.events import OnInterrupt as OnInterrupt
    from readmodel_cfn.deploy.follow import FollowResult as FollowResult
    from readmodel_cfn.deploy.live.drift import Drift as Drift
    from readmodel_cfn.deploy.live.values import Live as Live
    from readmodel_cfn.deploy.plan import Plan as Plan
    from readmodel_cfn.deploy.stack_diff import PropertyChange as PropertyChange
    from readmodel_cfn.deploy.stack_diff import ResourceDiff as ResourceDiff
    from readmodel_cfn.deploy.stack_diff import SettingChange as SettingChange
    from readmodel_cfn.deploy.stack_diff import StackDiff as StackDiff
    from readmodel_cfn.deploy.stage_release import LiveRelease as LiveRelease
    from readmodel_cfn.deploy.stage_release import ReleaseStatus as ReleaseStatus
    from readmodel_cfn.deploy.status import AlarmStatus as AlarmStatus
    from readmodel_cfn.deploy.status import StackStatus as StackStatus
    from readmodel_cfn.deploy.values import Output as Output
    from readmodel_cfn.deploy.values import StackEvent as StackEvent
    from readmodel_cfn.estimate.cost import DesignCost as DesignCost
    from readmodel_cfn.estimate.cost import Estimate as Estimate
    from readmodel_cfn.publish.deletion import Refused as Refused
    from readmodel_cfn.publish.history import Restored as Restored
    from readmodel_cfn.publish.history import Version as Version
    from readmodel_cfn.publish.release.results import Activated as Activated
    from readmodel_cfn.publish.release.results import Pruned as Pruned
    from readmodel_cfn.publish.release.results import Release as Release
    from readmodel_cfn.publish.release.results import ReleaseResult as ReleaseResult
    from readmodel_cfn.publish.release.results import ReleaseStarted as ReleaseStarted
    from readmodel_cfn.publish.results import Fault as Fault
    from readmodel_cfn.publish.results import InvalidDocuments as InvalidDocuments
    from readmodel_cfn.publish.results import Kept as Kept
    from readmodel_cfn.publish.results import Lost as Lost
    from readmodel_cfn.publish.results import Published as Published
    from readmodel_cfn.publish.results import PublishPlan as PublishPlan
    from readmodel_cfn.publish.results import PublishResult as PublishResult
    from readmodel_cfn.publish.results import StaleVersion as StaleVersion
    from readmodel_cfn.publish.results import VersionConflict as VersionConflict
    from readmodel_cfn.publish.stored import StoredDocument as StoredDocument
    from readmodel_cfn.publish.unpublish import Missing as Missing
    from readmodel_cfn.publish.unpublish import Unpublished as Unpublished
    from readmodel_cfn.publish.unpublish import UnpublishResult as UnpublishResult
    from readmodel_cfn.publish.unpublish_version import PruneResult as PruneResult
    from readmodel_cfn.target import Target as Target
    from readmodel_cfn.verify.race.race import RaceResult as RaceResult
    from readmodel_cfn.verify.releases.result import SwitchResult as SwitchResult
    from readmodel_cfn.verify.verify import VerifyResult as VerifyResult

_MODULES = {
    "Activated": "publish.release.results",
    "AlarmState": "aws.alarms",
    "AlarmStatus": "deploy.status",
    "AllStatus": "deploy.all_status",
    "DeleteResult": "deploy.delete",
    "DeletionPlan": "deploy.deletion_plan",
    "DeployResult": "deploy.deploy",
    "DesignCost": "estimate.cost",
    "Diagnosis": "deploy.diagnosis",
    "Drift": "deploy.live.drift",
    "EnvironmentStatus": "deploy.all_status",
    "Estimate": "estimate.cost",
    "EventStream": "deploy.events",
    "Fault": "publish.results",
    "FollowResult": "deploy.follow",
    "InvalidDocuments": "publish.results",
    "Kept": "publish.results",
    "Live": "deploy.live.values",
    "LiveRelease": "deploy.stage_release",
    "Lost": "publish.results",
    "Missing": "publish.unpublish",
    "OnInterrupt": "deploy.events",
    "Output": "deploy.values",
    "Plan": "deploy.plan",
    "PropertyChange": "deploy.stack_diff",
    "PruneResult": "publish.unpublish_version",
    "Pruned": "publish.release.results",
    "PublishPlan": "publish.results",
    "PublishResult": "publish.results",
    "Published": "publish.results",
    "RaceResult": "verify.race.race",
    "Release": "publish.release.results",
    "ReleaseResult": "publish.release.results",
    "ReleaseStarted": "publish.release.results",
    "ReleaseStatus": "deploy.stage_release",
    "ResourceDiff": "deploy.stack_diff",
    "Refused": "publish.deletion",
    "Response": "aws.http",
    "Restored": "publish.history",
    "SettingChange": "deploy.stack_diff",
    "StackDiff": "deploy.stack_diff",
    "StackEvent": "deploy.values",
    "StackStatus": "deploy.status",
    "StaleVersion": "publish.results",
    "StoredDocument": "publish.stored",
    "SwitchResult": "verify.releases.result",
    "Target": "target",
    "UnpublishResult": "publish.unpublish",
    "Unpublished": "publish.unpublish",
    "VerifyResult": "verify.verify",
    "Version": "publish.history",
    "VersionConflict": "publish.results",
}


if not TYPE_CHECKING:  # a type checker knows the names above, and no others

    def __getattr__(name: str) -> object:
        """Import a name from its module."""
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"readmodel_cfn.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
