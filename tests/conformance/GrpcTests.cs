using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>The same blocks over gRPC: <c>dapr.proto.runtime.v1.Dapr</c>.</summary>
public sealed class GrpcTests(TestWorld world)
{
    private readonly Client _dapr = new(world.Grpc("caller"));
    private readonly string _mark = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("store", "\"text\"")]
    [InlineData("store", "not json")]
    [InlineData("store", "")]
    [InlineData("memory", "not json")]
    public async Task State_takes_any_bytes(string store, string value)
    {
        await SaveAsync(store, _mark, value);
        var got = await _dapr.GetStateAsync(new GetStateRequest { StoreName = store, Key = _mark });
        Assert.Equal(value, got.Data.ToStringUtf8());
        Assert.NotEmpty(got.Etag);
    }

    [Fact]
    public async Task State_that_is_not_there_is_empty()
    {
        var got = await _dapr.GetStateAsync(new GetStateRequest { StoreName = "store", Key = _mark });
        Assert.Equal(("", ""), (got.Data.ToStringUtf8(), got.Etag));
    }

    [Fact]
    public async Task State_comes_in_bulk_and_goes()
    {
        await SaveAsync("store", _mark, "1");
        var request = new GetBulkStateRequest { StoreName = "store", Keys = { _mark, _mark + "2" } };
        var items = (await _dapr.GetBulkStateAsync(request)).Items.ToDictionary(item => item.Key);
        Assert.Equal(("1", ""), (items[_mark].Data.ToStringUtf8(), items[_mark + "2"].Data.ToStringUtf8()));
        await _dapr.DeleteBulkStateAsync(new DeleteBulkStateRequest { StoreName = "store", States = { new StateItem { Key = _mark } } });
        Assert.Empty((await _dapr.GetStateAsync(new GetStateRequest { StoreName = "store", Key = _mark })).Data);
    }

    [Fact]
    public async Task A_transaction_writes_all()
    {
        await SaveAsync("store", _mark + "1", "1");
        await _dapr.ExecuteStateTransactionAsync(new ExecuteStateTransactionRequest
        {
            StoreName = "store",
            Operations =
            {
                new TransactionalStateOperation { OperationType = "delete", Request = new StateItem { Key = _mark + "1" } },
                new TransactionalStateOperation
                {
                    OperationType = "upsert",
                    Request = new StateItem { Key = _mark + "2", Value = ByteString.CopyFromUtf8("2") },
                },
            },
        });
        Assert.Empty((await _dapr.GetStateAsync(new GetStateRequest { StoreName = "store", Key = _mark + "1" })).Data);
        Assert.Equal("2", (await _dapr.GetStateAsync(new GetStateRequest { StoreName = "store", Key = _mark + "2" })).Data.ToStringUtf8());
    }

    [Theory]
    [InlineData("upsert")]
    [InlineData("delete")]
    public async Task An_operation_without_a_request_is_for_the_empty_key(string operation) =>
        await _dapr.ExecuteStateTransactionAsync(new ExecuteStateTransactionRequest
        {
            StoreName = "store",
            Operations = { new TransactionalStateOperation { OperationType = operation } },
        });

    public static TheoryData<string, StatusCode, string> Failures => new()
    {
        { "stale etag", StatusCode.Aborted, "failed saving state in state store store: possible etag mismatch" },
        { "no such store", StatusCode.InvalidArgument, "state store nothing is not found" },
        { "separator in a key", StatusCode.InvalidArgument, "input key/keyPrefix 'a||b' can't contain '||'" },
        { "empty key", StatusCode.InvalidArgument, "state key cannot be empty" },
        { "unknown operation", StatusCode.Unimplemented, "operation type fly not supported" },
        { "no such pubsub", StatusCode.InvalidArgument, "pubsub nothing is not found" },
        { "no pubsub", StatusCode.InvalidArgument, "pubsub name is empty" },
        { "no topic", StatusCode.InvalidArgument, "topic is empty in pubsub pubsub" },
        { "topic out of scope", StatusCode.PermissionDenied, "topic open is not allowed for app id caller" },
        { "no such secret store", StatusCode.InvalidArgument, "failed finding secret store with key nothing" },
        { "no such secret", StatusCode.Internal, "failed getting secret with key nothing from secret store files: secret nothing not found" },
        { "no such binding", StatusCode.Internal, "error invoking output binding nothing: couldn't find output binding nothing" },
        { "no such lock store", StatusCode.InvalidArgument, "lock store nothing not found" },
        { "no such configuration store", StatusCode.InvalidArgument, "configuration store nothing not found" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failures_have_daprd_s_status(string what, StatusCode code, string message)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => (Task)(what switch
        {
            "stale etag" => SaveAsync("store", _mark, "1", "00000000-0000-0000-0000-000000000000"),
            "no such store" => SaveAsync("nothing", _mark, "1"),
            "separator in a key" => SaveAsync("store", "a||b", "1"),
            "empty key" => SaveAsync("store", "", "1"),
            "unknown operation" => _dapr.ExecuteStateTransactionAsync(new ExecuteStateTransactionRequest
            {
                StoreName = "store",
                Operations = { new TransactionalStateOperation { OperationType = "fly", Request = new StateItem { Key = "a" } } },
            }).ResponseAsync,
            "no such pubsub" => _dapr.PublishEventAsync(new PublishEventRequest { PubsubName = "nothing", Topic = "x" }).ResponseAsync,
            "no pubsub" => _dapr.PublishEventAsync(new PublishEventRequest { Topic = "x" }).ResponseAsync,
            "no topic" => _dapr.PublishEventAsync(new PublishEventRequest { PubsubName = "pubsub" }).ResponseAsync,
            "topic out of scope" => _dapr.PublishEventAsync(new PublishEventRequest { PubsubName = "scoped", Topic = "open" }).ResponseAsync,
            "no such secret store" => _dapr.GetSecretAsync(new GetSecretRequest { StoreName = "nothing", Key = "x" }).ResponseAsync,
            "no such secret" => _dapr.GetSecretAsync(new GetSecretRequest { StoreName = "files", Key = "nothing" }).ResponseAsync,
            "no such binding" => _dapr.InvokeBindingAsync(new InvokeBindingRequest { Name = "nothing", Operation = "get" }).ResponseAsync,
            "no such lock store" => _dapr.TryLockAlpha1Async(
                new TryLockRequest { StoreName = "nothing", ResourceId = "a", LockOwner = "b", ExpiryInSeconds = 1 }).ResponseAsync,
            "no such configuration store" => _dapr.GetConfigurationAsync(new GetConfigurationRequest { StoreName = "nothing" }).ResponseAsync,
            _ => Task.CompletedTask,
        }));
        Assert.Equal(code, failure.StatusCode);
        Assert.StartsWith(message, failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_arrives()
    {
        var events = new Client(world.Grpc("events"));
        await events.PublishEventAsync(new PublishEventRequest
        {
            PubsubName = "pubsub",
            Topic = "plain",
            DataContentType = "application/json",
            Data = ByteString.CopyFromUtf8($$"""{"mark":"{{_mark}}"}"""),
        });
        await world["events"].HeardAsync(heard => heard.Text.Contains(_mark, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_arrive_in_bulk()
    {
        var events = new Client(world.Grpc("events"));
        var published = await events.BulkPublishEventAsync(new BulkPublishRequest
        {
            PubsubName = "pubsub",
            Topic = "plain",
            Entries =
            {
                new BulkPublishRequestEntry { EntryId = "1", ContentType = "text/plain", Event = ByteString.CopyFromUtf8(_mark) },
                new BulkPublishRequestEntry { EntryId = "2", ContentType = "text/plain", Event = ByteString.CopyFromUtf8(_mark) },
            },
        });
        Assert.Empty(published.FailedEntries);
        await world["events"].HeardAsync(heard => heard.Text.Contains(_mark, StringComparison.Ordinal), 2);
    }

    [Fact]
    public async Task Secrets_come()
    {
        Assert.Equal("red", (await _dapr.GetSecretAsync(new GetSecretRequest { StoreName = "env", Key = "COLOUR" })).Data["COLOUR"]);
        var all = await _dapr.GetBulkSecretAsync(new GetBulkSecretRequest { StoreName = "files" });
        Assert.Equal("open sesame", all.Data["cave:door"].Secrets["cave:door"]);
    }

    [Fact]
    public async Task A_binding_is_invoked()
    {
        var answer = await _dapr.InvokeBindingAsync(new InvokeBindingRequest
        {
            Name = "web",
            Operation = "post",
            Data = ByteString.CopyFromUtf8("words"),
            Metadata = { ["path"] = "/x" },
        });
        Assert.Contains("\"body\":\"words\"", answer.Data.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal("200", answer.Metadata["statusCode"]);
    }

    [Fact]
    public async Task A_lock_is_had_and_given_back()
    {
        Assert.SkipWhen(world.Sidecars.RedisHost is null, "no redis-server, which daprd's locks need");
        var request = new TryLockRequest { StoreName = "locks", ResourceId = _mark, LockOwner = "one", ExpiryInSeconds = 60 };
        Assert.True((await _dapr.TryLockAlpha1Async(request)).Success);
        Assert.False((await _dapr.TryLockAlpha1Async(request)).Success);
        var unlock = new UnlockRequest { StoreName = "locks", ResourceId = _mark, LockOwner = "two" };
        Assert.Equal(UnlockResponse.Types.Status.LockBelongsToOthers, (await _dapr.UnlockAlpha1Async(unlock)).Status);
        unlock.LockOwner = "one";
        Assert.Equal(UnlockResponse.Types.Status.Success, (await _dapr.UnlockAlpha1Async(unlock)).Status);
        Assert.Equal(UnlockResponse.Types.Status.LockDoesNotExist, (await _dapr.UnlockAlpha1Async(unlock)).Status);
    }

    [Fact]
    public async Task Configuration_comes_and_its_changes_stream()
    {
        Assert.SkipWhen(world.Sidecars.RedisHost is null, "no redis-server, which daprd's configuration needs");
        await world.Sidecars.ConfigureAsync(_mark, "old||1");
        var got = await _dapr.GetConfigurationAsync(new GetConfigurationRequest { StoreName = "config", Keys = { _mark } });
        Assert.Equal(("old", "1"), (got.Items[_mark].Value, got.Items[_mark].Version));

        using var stream = _dapr.SubscribeConfiguration(new SubscribeConfigurationRequest { StoreName = "config", Keys = { _mark } });
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        Assert.True(await stream.ResponseStream.MoveNext(limit.Token));
        var id = stream.ResponseStream.Current.Id;
        Assert.NotEmpty(id);
        await Task.Delay(300);
        await world.Sidecars.ConfigureAsync(_mark, "new");
        Assert.True(await stream.ResponseStream.MoveNext(limit.Token));
        Assert.Equal((id, "new"), (stream.ResponseStream.Current.Id, stream.ResponseStream.Current.Items[_mark].Value));
        var ended = await _dapr.UnsubscribeConfigurationAsync(new UnsubscribeConfigurationRequest { StoreName = "config", Id = id });
        Assert.True(ended.Ok);
    }

    [Fact]
    public async Task Metadata_comes_and_takes_labels()
    {
        await _dapr.SetMetadataAsync(new SetMetadataRequest { Key = _mark, Value = "red" });
        var metadata = await _dapr.GetMetadataAsync(new GetMetadataRequest());
        Assert.Equal(("caller", "red"), (metadata.Id, metadata.ExtendedMetadata[_mark]));
        Assert.Contains(metadata.RegisteredComponents, component => component.Name == "store" && component.Capabilities.Contains("ETAG"));
    }

    [Fact]
    public async Task Actors_are_called()
    {
        var answer = await _dapr.InvokeActorAsync(new InvokeActorRequest
        {
            ActorType = "thing",
            ActorId = _mark,
            Method = "echo",
            Data = ByteString.CopyFromUtf8("words"),
        });
        Assert.Contains("words", answer.Data.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/x?status=200", null)]
    [InlineData("POST", "/x?status=201", null)]
    [InlineData("GET", "/x?status=404", StatusCode.NotFound)]
    [InlineData("GET", "/x?status=400", StatusCode.Internal)]
    [InlineData("GET", "/x?status=500", StatusCode.Unknown)]
    [InlineData("GET", "/x?status=403", StatusCode.PermissionDenied)]
    public async Task Apps_that_speak_http_are_invoked(string verb, string target, StatusCode? failure)
    {
        var (path, query) = (target.Split('?')[0], target.Split('?')[1]);
        var request = new InvokeServiceRequest
        {
            Id = "echo",
            Message = new InvokeRequest
            {
                Method = path,
                ContentType = "text/plain",
                Data = new Any { Value = ByteString.CopyFromUtf8("words") },
                HttpExtension = new HTTPExtension { Verb = verb == "GET" ? HTTPExtension.Types.Verb.Get : HTTPExtension.Types.Verb.Post, Querystring = query },
            },
        };
        if (failure is null)
        {
            var answer = await _dapr.InvokeServiceAsync(request);
            Assert.Contains($"\"method\":\"{verb}\",\"target\":\"{target}\"", answer.Data.Value.ToStringUtf8(), StringComparison.Ordinal);
            Assert.StartsWith("application/json", answer.ContentType, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(failure, (await Assert.ThrowsAsync<RpcException>(async () => await _dapr.InvokeServiceAsync(request))).StatusCode);
        }
    }

    [Theory]
    [InlineData("x-said", "so")]
    [InlineData("authorization", "Bearer abc")]
    [InlineData("cookie", "a=b")]
    [InlineData("dapr-grpc-own", "1")]
    [InlineData("dapr-caller-app-id", "caller")]
    [InlineData("dapr-callee-app-id", "echo")]
    [InlineData("dapr-caller-namespace", "default")]
    [InlineData("dapr-api-token", TestWorld.AppToken)]
    [InlineData("x-forwarded-for", "127.0.0.1")]
    [InlineData("content-type", null)]
    [InlineData("te", null)]
    [InlineData("x-own-bin", null)]
    [InlineData("grpc-own", null)]
    [InlineData("proxy-authorization", null)]
    public async Task And_hear_the_metadata(string name, string? value)
    {
        var headers = new Metadata
        {
            { "x-said", "so" }, { "authorization", "Bearer abc" }, { "cookie", "a=b" }, { "grpc-own", "1" }, { "x-own-bin", [1, 255] },
            { "proxy-authorization", "me" }, { "dapr-caller-app-id", "somebody" },
        };
        var answer = await _dapr.InvokeServiceAsync(Get("x"), headers);
        var heard = JsonDocument.Parse(answer.Data.Value.Memory).RootElement.GetProperty("headers");
        Assert.Equal(value, heard.TryGetProperty(name, out var text) ? text.GetString() : null);
        Assert.Equal($"127.0.0.1:{world["caller"].GrpcPort}", heard.GetProperty("dapr-authority").GetString());
        Assert.StartsWith("grpc-dotnet", heard.GetProperty("user-agent").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/x", "x-own", "mine")]
    [InlineData("/x", "dapr-http-status", "203")]
    [InlineData("/x", "dapr-content-type", "text/plain")]
    [InlineData("/x", "dapr-cache-control", "no-store")]
    [InlineData("/x", "dapr-content-length", null)]
    [InlineData("/stream/3", "dapr-transfer-encoding", null)]
    [InlineData("/stream/3", "transfer-encoding", null)]
    public async Task Their_headers_come_back(string path, string name, string? value)
    {
        var request = Get(path, "status=203&body=words&header=x-own:mine&header=cache-control:no-store");
        using var call = _dapr.InvokeServiceAsync(request);
        await call;
        Assert.Equal(value, (await call.ResponseHeadersAsync).GetValue(name));
    }

    [Fact]
    public async Task An_empty_answer_has_no_data()
    {
        var answer = await _dapr.InvokeServiceAsync(Get("x", "status=204"));
        Assert.Equal((null, ""), (answer.Data, answer.ContentType));
    }

    [Theory]
    [InlineData("echo", null, "error invoking app channel: rpc error: code = InvalidArgument desc = missing HTTP extension field")]
    [InlineData("echo", HTTPExtension.Types.Verb.None, "error invoking app channel: rpc error: code = InvalidArgument desc = invalid HTTP verb")]
    [InlineData("echo", HTTPExtension.Types.Verb.Connect, "error invoking app channel: rpc error: code = InvalidArgument desc = invalid HTTP verb")]
    [InlineData("caller", null, "err: rpc error: code = InvalidArgument desc = missing HTTP extension field")]
    [InlineData("caller", HTTPExtension.Types.Verb.None, "err: rpc error: code = InvalidArgument desc = invalid HTTP verb")]
    public async Task They_are_not_invoked_without_a_verb(string app, HTTPExtension.Types.Verb? verb, string why)
    {
        var request = new InvokeServiceRequest { Id = app, Message = new InvokeRequest { Method = "x" } };
        if (verb is { } said) request.Message.HttpExtension = new HTTPExtension { Verb = said };
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _dapr.InvokeServiceAsync(request));
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.StartsWith($"failed to invoke, id: {app}, err: ", failure.Status.Detail, StringComparison.Ordinal);
        Assert.EndsWith(why, failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_apps_say_in_grpc_goes_through()
    {
        using var call = world.Grpc("caller").AsyncUnaryCall(GrpcApp.Say, null, To("speaker", "x-said", "yes"), new StringValue { Value = "hi" });
        Assert.StartsWith("hi|", (await call).Value, StringComparison.Ordinal);
        Assert.Equal("yes", (await call.ResponseHeadersAsync).GetValue("x-heard"));
        Assert.Equal("yes", call.GetTrailers().GetValue("x-trailer"));
    }

    [Fact]
    public async Task So_do_its_streams()
    {
        using var counting = world.Grpc("caller").AsyncServerStreamingCall(GrpcApp.Count, null, To("speaker"), new StringValue { Value = "5" });
        var counted = new List<string>();
        await foreach (var word in counting.ResponseStream.ReadAllAsync()) counted.Add(word.Value);
        Assert.Equal(["0", "1", "2", "3", "4"], counted);

        using var joining = world.Grpc("caller").AsyncClientStreamingCall(GrpcApp.Join, null, To("speaker"));
        foreach (var word in counted) await joining.RequestStream.WriteAsync(new StringValue { Value = word });
        await joining.RequestStream.CompleteAsync();
        Assert.Equal("0,1,2,3,4", (await joining).Value);

        using var echoing = world.Grpc("caller").AsyncDuplexStreamingCall(GrpcApp.Echo, null, To("speaker"));
        foreach (var word in counted)
        {
            await echoing.RequestStream.WriteAsync(new StringValue { Value = word });
            Assert.True(await echoing.ResponseStream.MoveNext(default));
            Assert.Equal(word, echoing.ResponseStream.Current.Value);
        }
        await echoing.RequestStream.CompleteAsync();
    }

    [Theory]
    [InlineData("speaker", "fail", StatusCode.NotFound)]
    [InlineData("nobody", "hi", StatusCode.Unknown)]
    [InlineData(null, "hi", StatusCode.Unknown)]
    public async Task And_its_failures(string? app, string word, StatusCode status)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await world.Grpc("caller").AsyncUnaryCall(
            GrpcApp.Say, null, app is null ? default : To(app), new StringValue { Value = word }));
        Assert.Equal(status, failure.StatusCode);
    }

    [Theory]
    [InlineData("dapr.proto.runtime.v1.Dapr", "Fly")]
    [InlineData("no.such.Service", "Fly")]
    public async Task An_unknown_method_is_refused(string service, string name)
    {
        var marshaller = Marshallers.Create(message => message.ToByteArray(), Empty.Parser.ParseFrom);
        var method = new Method<Empty, Empty>(MethodType.Unary, service, name, marshaller, marshaller);
        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await world.Grpc("caller").AsyncUnaryCall(method, null, default, new Empty()));
        Assert.Equal(StatusCode.Unknown, failure.StatusCode);
    }

    private static InvokeServiceRequest Get(string path, string query = "") => new()
    {
        Id = "echo",
        Message = new InvokeRequest
        {
            Method = path,
            HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get, Querystring = query },
        },
    };

    private static CallOptions To(string app, string? name = null, string? value = null)
    {
        var headers = new Metadata { { "dapr-app-id", app } };
        if (name is not null) headers.Add(name, value!);
        return new CallOptions(headers, DateTime.UtcNow.AddMinutes(1));
    }

    private Task<Empty> SaveAsync(string store, string key, string value, string? etag = null)
    {
        var item = new StateItem { Key = key, Value = ByteString.CopyFromUtf8(value) };
        if (etag is not null) item.Etag = new Etag { Value = etag };
        return _dapr.SaveStateAsync(new SaveStateRequest { StoreName = store, States = { item } }).ResponseAsync;
    }
}
