// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error NotAllowed();

interface IERC1155Receiver {
    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes calldata data)
        external
        returns (bytes4);
    function onERC1155BatchReceived(
        address operator,
        address from,
        uint256[] calldata ids,
        uint256[] calldata values,
        bytes calldata data
    ) external returns (bytes4);
}

/// @notice The items of a game, an ERC-1155 in which operators mint and burn.
contract Items {
    address private immutable OWNER = msg.sender;
    mapping(address account => bool) public isOperator;
    mapping(uint256 id => uint256) public totalSupply;
    mapping(address account => mapping(uint256 id => uint256)) public balanceOf;
    mapping(address account => mapping(address operator => bool)) public isApprovedForAll;

    event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value);
    event TransferBatch(
        address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values
    );
    event ApprovalForAll(address indexed account, address indexed operator, bool approved);
    event URI(string value, uint256 indexed id);

    modifier onlyOperator() {
        if (!isOperator[msg.sender]) revert NotAllowed();
        _;
    }

    function setOperator(address account, bool yes) external {
        if (msg.sender != OWNER) revert NotAllowed();
        isOperator[account] = yes;
    }

    function uri(uint256) external pure returns (string memory) {
        return "ipfs://items/{id}";
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0xd9b67a26 || id == 0x0e89341c;
    }

    function balanceOfBatch(address[] memory accounts, uint256[] memory ids)
        external
        view
        returns (uint256[] memory values)
    {
        if (accounts.length != ids.length) revert NotAllowed();
        values = new uint256[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            values[i] = balanceOf[accounts[i]][ids[i]];
        }
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes memory data) external {
        if (to == address(0) || (msg.sender != from && !isApprovedForAll[from][msg.sender])) revert NotAllowed();
        balanceOf[from][id] -= value;
        balanceOf[to][id] += value;
        emit TransferSingle(msg.sender, from, to, id, value);
        if (to.code.length == 0) return;
        bytes4 answer = IERC1155Receiver(to).onERC1155Received(msg.sender, from, id, value, data);
        if (answer != IERC1155Receiver.onERC1155Received.selector) revert NotAllowed();
    }

    function safeBatchTransferFrom(
        address from,
        address to,
        uint256[] memory ids,
        uint256[] memory values,
        bytes memory data
    ) external {
        if (from == address(0) || to == address(0)) revert NotAllowed();
        if (msg.sender != from && !isApprovedForAll[from][msg.sender]) revert NotAllowed();
        _move(from, to, ids, values, data);
    }

    function mintBatch(address to, uint256[] memory ids, uint256[] memory values) external onlyOperator {
        if (to == address(0)) revert NotAllowed();
        _move(address(0), to, ids, values, "");
    }

    function burnBatch(address from, uint256[] memory ids, uint256[] memory values) external onlyOperator {
        if (from == address(0)) revert NotAllowed();
        _move(from, address(0), ids, values, "");
    }

    function _move(address from, address to, uint256[] memory ids, uint256[] memory values, bytes memory data) private {
        if (ids.length != values.length) revert NotAllowed();
        for (uint256 i = 0; i < ids.length; i++) {
            if (from == address(0)) totalSupply[ids[i]] += values[i];
            else balanceOf[from][ids[i]] -= values[i];
            if (to == address(0)) totalSupply[ids[i]] -= values[i];
            else balanceOf[to][ids[i]] += values[i];
        }
        emit TransferBatch(msg.sender, from, to, ids, values);
        if (to.code.length == 0) return;
        bytes4 answer = IERC1155Receiver(to).onERC1155BatchReceived(msg.sender, from, ids, values, data);
        if (answer != IERC1155Receiver.onERC1155BatchReceived.selector) revert NotAllowed();
    }
}
