using Google.Protobuf;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>Methods whose messages are Protobuf's, put together by hand: the Dapr.Protos package lacks what would do it.</summary>
internal static class Protobuf
{
    public static Method<TRequest, TResponse> Method<TRequest, TResponse>(MethodType type, string service, string name)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        new(type, service, name, Marshaller<TRequest>(), Marshaller<TResponse>());

    private static Marshaller<T> Marshaller<T>() where T : class, IMessage<T>, new()
    {
        var parser = new MessageParser<T>(() => new T());
        return Marshallers.Create(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => Parse(parser, context));
    }

    /// <summary>In daprd's words.</summary>
    private static T Parse<T>(MessageParser<T> parser, DeserializationContext context) where T : class, IMessage<T>, new()
    {
        try
        {
            return parser.ParseFrom(context.PayloadAsReadOnlySequence());
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"grpc: error unmarshalling request: {error.Message}"));
        }
    }
}
