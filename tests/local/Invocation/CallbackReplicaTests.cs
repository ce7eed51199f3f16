using System.Collections.Concurrent;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Local.Tests.Invocation;

/// <summary>Several of an app that speaks gRPC.</summary>
public sealed class CallbackReplicaTests : IAsyncDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("daprshop-");
    private readonly ConcurrentDictionary<string, WebApplication> _talkers = new();
    private LocalRuntime _runtime = null!;

    public async ValueTask DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task What_one_of_them_cannot_be_reached_for_goes_to_another()
    {
        _runtime = await StartAsync();
        var dead = _runtime.Apps.Of("talker")[0];
        await _talkers[$"{dead.App.Address!.Port}"].StopAsync();
        await ShopHost.EventuallyAsync(() => Task.FromResult(!dead.App.IsHealthy), "the death");
        (dead.App.IsListening, dead.App.IsWell) = (true, true); // its sidecar has not heard of it

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_runtime.Apps.Of("caller")[0].HttpPort}") };
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{_runtime.Apps.Of("caller")[0].GrpcPort}");
        var message = new InvokeRequest { Method = "echo", Data = new Any { Value = ByteString.CopyFromUtf8("words") } };
        // Each of them is the first to be asked in turn.
        for (var i = 0; i < 2; i++)
        {
            using var answer = await http.PostAsync("/v1.0/invoke/talker/method/echo", new StringContent("words"));
            Assert.Equal("words", await answer.Content.ReadAsStringAsync());
        }
        for (var i = 0; i < 2; i++)
        {
            var answer = await new Client(channel).InvokeServiceAsync(new InvokeServiceRequest { Id = "talker", Message = message });
            Assert.Equal("words", answer.Data.Value.ToStringUtf8());
        }
    }

    private async Task<LocalRuntime> StartAsync()
    {
        var runtime = await LocalRuntime.StartAsync(new LocalRuntimeOptions
        {
            Apps =
            [
                new AppOptions("talker") { Create = Talker, Replicas = 2, SpeaksGrpc = true },
                new AppOptions("caller") { Create = arguments => Listening(arguments, HttpProtocols.Http1).Build() },
            ],
            DataDirectory = _data.FullName,
            Resources = ResourceFiles.Parse("", "test.yaml"),
        });
        await runtime.ReadyAsync();
        return runtime;
    }

    private WebApplication Talker(string[] arguments)
    {
        // Nobody comes in the place of the one that dies.
        if (_talkers.Count == 2) throw new InvalidOperationException("broken");
        var builder = Listening(arguments, HttpProtocols.Http2);
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<Echo>();
        return _talkers[builder.Configuration["APP_PORT"]!] = app;
    }

    private static WebApplicationBuilder Listening(string[] arguments, HttpProtocols protocols)
    {
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = protocols));
        builder.Logging.ClearProviders();
        return builder;
    }

    private sealed class Echo : AppCallback.AppCallbackBase
    {
        public override Task<InvokeResponse> OnInvoke(InvokeRequest request, ServerCallContext context) =>
            Task.FromResult(new InvokeResponse { Data = request.Data, ContentType = request.ContentType });
    }
}
