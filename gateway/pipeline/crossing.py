"""Rehearsal never becomes real: what is refused before anything is sent, because its marks differ."""

from __future__ import annotations

from gateway.domain.environment import Environment, in_chinese
from gateway.errors import RunError, StartError
from gateway.messages import Message
from gateway.pipeline.feeds import OutboundFeed
from gateway.state import outbox
from gateway.state.database import Database

DESTINATION = Message(
    "environment.destination",
    zh="数据流“{feed}”的目的地“{destination}”标为{theirs_zh}，而本部署是{ours_zh}，没有发送任何内容；请核对该目的地是哪个"
    "环境，再改 destination.environment（不写即 rehearsal），或到另一个环境的部署目录中运行",
    en="the destination {destination!r} of feed {feed!r} is marked {theirs} and this deployment is {ours}, nothing was "
    "sent; find out which of the two it is, then correct destination.environment (rehearsal where it is left out) or "
    "run the feed in the directory of the other deployment",
)
DOCUMENTS = Message(
    "environment.documents",
    zh="数据流“{feed}”有 {documents} 份待发报文不是在{ours_zh}部署中入队的，没有发送任何内容；请恢复原来的数据库，"
    "或由管理员查明这些报文从何而来",
    en="{documents} documents that wait in feed {feed!r} were not enqueued by a {ours} deployment, nothing was sent; "
    "restore the database as it was, or find out where they came from",
)


def refuse_destination(name: str, feed: OutboundFeed, environment: Environment) -> None:
    """Raise StartError where the destination of a feed is not marked as the deployment is."""
    if feed.environment != environment:
        raise StartError(
            DESTINATION,
            feed=name,
            destination=feed.destination["name"],
            theirs=feed.environment,
            theirs_zh=in_chinese(feed.environment),
            ours=environment,
            ours_zh=in_chinese(environment),
        )


def refuse_documents(database: Database, feed: str, environment: Environment) -> None:
    """Raise RunError where a pending document of a feed is not marked as the deployment is."""
    with database.read() as connection:
        strange = outbox.of_another_environment(connection, feed, environment)
    if strange:
        raise RunError(DOCUMENTS, feed=feed, documents=strange, ours=environment, ours_zh=in_chinese(environment))


MESSAGES = (DESTINATION, DOCUMENTS)
