using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Status = Grpc.Core.Status;
using TopicStatus = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace DaprShop.Conformance.Tests.Apps;

/// <summary>
/// What a sidecar asks and tells an app that speaks gRPC. The log has the method's name as the method, what it is for as the target
/// (the method invoked, the path, the binding) and the message as the body.
/// </summary>
internal static class CallbackApp
{
    public static void AddServices(IServiceCollection services)
    {
        GrpcApp.AddServices(services);
        services.AddSingleton<Ear>();
    }

    public static void Map(WebApplication app, TestApp log)
    {
        app.Services.GetRequiredService<Ear>().Log = log;
        GrpcApp.Map(app, log);
        app.MapGrpcService<Callbacks>();
    }

    internal sealed class Ear
    {
        public TestApp Log { get; set; } = null!;

        public void Hear(string method, string target, IMessage message, ServerCallContext context) => Log.Log.Enqueue(new Heard(
            method, target, context.RequestHeaders.GroupBy(header => header.Key).ToDictionary(
                header => header.Key,
                header => header.First() is { IsBinary: true } binary ? Convert.ToBase64String(binary.ValueBytes) : header.First().Value),
            message.ToByteArray(), DateTime.UtcNow));

        /// <summary>An event says how it is to be answered, as in <see cref="EventsApp"/>: <c>{"mark","answer","times"}</c>.</summary>
        public TopicStatus AnswerTo(ByteString data, string target)
        {
            if (data.Length == 0 || data[0] != '{') return TopicStatus.Success;
            using var wish = JsonDocument.Parse(data.Memory);
            var mark = wish.RootElement.GetProperty("mark").GetString()!;
            var times = wish.RootElement.TryGetProperty("times", out var limit) ? limit.GetInt32() : int.MaxValue;
            if (Log.Log.Count(other => other.Target == target && other.Text.Contains(mark, StringComparison.Ordinal)) > times)
                return TopicStatus.Success;
            var answer = wish.RootElement.TryGetProperty("answer", out var text) ? text.GetString()! : "Success";
            if (System.Enum.TryParse<StatusCode>(answer, out var failure)) throw new RpcException(new Status(failure, "as you wish"));
            return answer == "Nonsense" ? (TopicStatus)99 : System.Enum.Parse<TopicStatus>(answer);
        }
    }

    internal sealed class Callbacks(Ear ear) : AppCallback.AppCallbackBase
    {
        private static readonly string[] s_plain = ["spoken", "spoken-raw", "spoken-graves"];

        public override async Task<InvokeResponse> OnInvoke(InvokeRequest request, ServerCallContext context)
        {
            ear.Hear("OnInvoke", request.Method, request, context);
            if (request.Method.StartsWith("fail/", StringComparison.Ordinal))
                throw new RpcException(new Status((StatusCode)int.Parse(request.Method[5..], null), "no such thing"));
            await context.WriteResponseHeadersAsync(new Metadata { { "x-own", "mine" }, { "x-own-bin", [1, 255] } });
            context.ResponseTrailers.Add("x-last", "word");
            return request.Method == "silence" ? new InvokeResponse() : new InvokeResponse
            {
                ContentType = request.Method == "typed" ? "text/plain; charset=utf-8" : "application/json",
                Data = new Any
                {
                    Value = request.Method == "typed" ? ByteString.CopyFromUtf8("words") : ByteString.CopyFromUtf8(JsonSerializer.Serialize(new
                    {
                        method = request.Method,
                        verb = request.HttpExtension?.Verb.ToString(),
                        query = request.HttpExtension?.Querystring,
                        type = request.ContentType,
                        body = request.Data?.Value.ToStringUtf8(),
                    })),
                },
            };
        }

        public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context)
        {
            ear.Hear("ListTopicSubscriptions", "", request, context);
            var response = new ListTopicSubscriptionsResponse();
            foreach (var topic in s_plain)
            {
                response.Subscriptions.Add(new TopicSubscription
                {
                    PubsubName = "pubsub",
                    Topic = topic,
                    Metadata = { ["rawPayload"] = topic == "spoken-raw" ? "true" : "false" },
                });
            }
            response.Subscriptions.Add(new TopicSubscription
            {
                PubsubName = "pubsub",
                Topic = "spoken-mourned",
                DeadLetterTopic = "spoken-graves",
                Routes = new TopicRoutes { Default = "/mourned" },
            });
            response.Subscriptions.Add(new TopicSubscription
            {
                PubsubName = "pubsub",
                Topic = "spoken-routed",
                Routes = new TopicRoutes { Rules = { new TopicRule { Match = "event.type == \"a\"", Path = "/a" } }, Default = "/rest" },
            });
            response.Subscriptions.Add(new TopicSubscription
            {
                PubsubName = "pubsub",
                Topic = "spoken-bulky",
                DeadLetterTopic = "spoken-graves",
                BulkSubscribe = new BulkSubscribeConfig { Enabled = true, MaxMessagesCount = 10, MaxAwaitDurationMs = 200 },
            });
            return Task.FromResult(response);
        }

        public override Task<TopicEventResponse> OnTopicEvent(TopicEventRequest request, ServerCallContext context)
        {
            ear.Hear("OnTopicEvent", request.Topic, request, context);
            return Task.FromResult(new TopicEventResponse
            {
                Status = request.Topic == "spoken-graves" ? TopicStatus.Success : ear.AnswerTo(request.Data, request.Topic),
            });
        }

        public override Task<TopicEventBulkResponse> OnBulkTopicEvent(TopicEventBulkRequest request, ServerCallContext context)
        {
            ear.Hear("OnBulkTopicEvent", request.Topic, request, context);
            return Task.FromResult(new TopicEventBulkResponse
            {
                Statuses =
                {
                    request.Entries.Select(entry => new TopicEventBulkResponseEntry
                    {
                        EntryId = entry.EntryId,
                        Status = ear.AnswerTo(entry.CloudEvent.Data, request.Topic),
                    }),
                },
            });
        }

        public override Task<ListInputBindingsResponse> ListInputBindings(Empty request, ServerCallContext context)
        {
            ear.Hear("ListInputBindings", "", request, context);
            return Task.FromResult(new ListInputBindingsResponse { Bindings = { "spoken-tick" } });
        }

        public override Task<BindingEventResponse> OnBindingEvent(BindingEventRequest request, ServerCallContext context)
        {
            ear.Hear("OnBindingEvent", request.Name, request, context);
            return Task.FromResult(new BindingEventResponse());
        }
    }
}
